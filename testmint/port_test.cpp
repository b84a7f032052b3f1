// Mints and the proxy on real sockets, as the program's own client sees them.
#include <boost/asio/io_context.hpp>

#include "http/client_fixture.hpp"
#include "testmint/mint_fixture.hpp"
#include "testmint/mint_port.hpp"
#include "testmint/proxy_port.hpp"

namespace archy::testmint {
namespace {

using namespace std::chrono_literals;

boost::asio::awaitable<void> one_request(http::Client& client, http::Request request,
                                         http::Answer& out, bool& done) {
  co_await http::get_all(client, std::move(request), {}, out);
  done = true;
}

boost::asio::awaitable<void> close_one(http::Server& server, bool& done) {
  co_await server.close();
  done = true;
}

struct Ports : MintTest {
  Ports() {
    now_ms = clock.unix_ms();
    serve({});
  }
  ~Ports() override { close(); }
  void serve(PortOptions options) {
    mint_port = std::make_unique<MintPort>(loop.get_executor(), clock, options, a(), control);
    mint_server = listen(*mint_port, url);
    proxy_port = std::make_unique<ProxyPort>(loop.get_executor(), clock, options, *client, url,
                                             [this] { ++shutdowns; });
    proxy_server = listen(*proxy_port, proxy_url);
  }
  void close() {
    mint_port->stop();
    proxy_port->stop();
    for (auto* server : {&proxy_server, &mint_server}) {
      bool done = false;
      scope.start(close_one(**server, done));
      run_until(done);
      server->reset();
    }
  }
  std::unique_ptr<http::Server> listen(FaultPort& port, std::string& at) {
    auto made = http::listen_tcp(loop.get_executor(), clock, rt::Address::loopback(0), port, {});
    EXPECT_TRUE(made);
    at = "http://127.0.0.1:" + std::to_string((*made)->address()->port);
    return std::move(*made);
  }
  void run_until(const bool& done) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!done && std::chrono::steady_clock::now() < limit) {
      loop.restart();
      loop.run_one_for(100ms);
    }
    ASSERT_TRUE(done);
  }
  http::Answer ask(const std::string& to, std::optional<std::string> body = {},
                   rt::Duration patience = 10s) {
    http::Request request{.url = to};
    if (body) request.post = http::Post{"application/json", Secret<std::string>(*body)};
    request.connect_timeout = patience / 2;
    request.no_progress_timeout = patience / 2;
    http::Answer out;
    bool done = false;
    scope.start(one_request(*client, std::move(request), out, done));
    run_until(done);
    return out;
  }
  std::string swap() {
    auto purse = purse_a();
    proofs = purse.fund(4);
    return swap_text(proofs, purse.prepare({4}));
  }
  bool is_spent() { return purse_a().states(proofs) == std::vector<std::string>{"SPENT"}; }

  boost::asio::io_context loop;
  rt::AsioClock clock{loop.get_executor()};
  rt::Scope scope{loop.get_executor()};
  std::unique_ptr<http::Client> client = http::make_curl_client(loop.get_executor(), clock);
  int shutdowns = 0;
  Control control{*mints_for_control(), [this] { ++shutdowns; }};
  std::unique_ptr<MintPort> mint_port;
  std::unique_ptr<ProxyPort> proxy_port;
  std::unique_ptr<http::Server> mint_server, proxy_server;
  std::string url, proxy_url;
  Purse::Proofs proofs;

 private:
  // The control needs its mints before the body of the constructor.
  LinkedMints* mints_for_control() {
    open();
    return mints.get();
  }
};

TEST_F(Ports, AnswerAsTheMintDoes) {
  EXPECT_NE(ask(url + "/v1/info").body.find("mint-a"), std::string::npos);
  const auto swapped = ask(url + "/v1/swap", swap());
  EXPECT_EQ(swapped.head.status, 200);
  EXPECT_TRUE(is_spent());
  const auto refused = ask(url + "/v1/swap", "{}");
  EXPECT_EQ(refused.head.status, 422);
}

// The same script on the mint's own port, and in front of it.
TEST_F(Ports, FaultsOnTheWayAreWhatTheySay) {
  for (const bool through_proxy : {false, true}) {
    const std::string base = through_proxy ? proxy_url : url;
    const auto script = [&](const std::string& fault) {
      Json json = Json::parse(fault);
      json["route"] = "POST /v1/swap";
      const auto added = ask(base + "/_test/faults", json.dump());
      EXPECT_EQ(added.head.status, 200) << added.body;
    };
    const auto post = [&] { return ask(base + "/v1/swap", swap()); };

    script(R"({"fault":"drop_before"})");
    EXPECT_EQ(post().code(), Code::unreachable);
    EXPECT_FALSE(is_spent());
    script(R"({"fault":"drop_after"})");
    EXPECT_EQ(post().code(), Code::unreachable);
    EXPECT_TRUE(is_spent());
    script(R"({"fault":"answer_before","status":400})");
    auto answer = post();
    EXPECT_EQ(answer.head.status, 400);
    EXPECT_TRUE(answer.body.starts_with("<html>"));
    EXPECT_FALSE(is_spent());
    script(R"({"fault":"answer_after","status":502})");
    EXPECT_EQ(post().head.status, 502);
    EXPECT_TRUE(is_spent());
    script(R"({"fault":"truncate","bytes":9})");
    answer = post();
    EXPECT_EQ(answer.code(), Code::unreachable);
    EXPECT_EQ(answer.head.status, 200);
    EXPECT_EQ(answer.body.size(), 9u);
    EXPECT_TRUE(is_spent());

    a().options().without = {19};
    script(R"({"fault":"duplicate"})");
    EXPECT_NE(post().body.find("11001"), std::string::npos);
    a().options().without = {};
    const auto count = ask(base + "/_test/faults");
    EXPECT_NE(count.body.find(R"({"happened":)"), std::string::npos);
    EXPECT_EQ(post().head.status, 200);
  }
}

TEST_F(Ports, ALateRequestIsExecutedWhoeverWaits) {
  const auto request = swap();
  ASSERT_EQ(
      ask(url + "/_test/faults", R"({"fault":"delay_before","route":"POST /v1/swap","ms":300})")
          .head.status,
      200);
  EXPECT_EQ(ask(url + "/v1/swap", request, 100ms).code(), Code::timed_out);
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!is_spent() && std::chrono::steady_clock::now() < limit) loop.run_one_for(20ms);
  EXPECT_TRUE(is_spent());
}

// curl sends once more by itself where a kept connection turns out to be dead.
TEST_F(Ports, KeptConnectionsBringARequestTwice) {
  close();
  serve({.keep_alive = true});
  a().options().without = {19};
  EXPECT_EQ(ask(url + "/v1/info").head.status, 200);
  a().faults().add({.kind = FaultKind::drop_after, .route = "POST /v1/swap"});
  const auto answer = ask(url + "/v1/swap", swap());
  EXPECT_EQ(answer.head.status, 400);
  EXPECT_NE(answer.body.find("11001"), std::string::npos);
}

TEST_F(Ports, TheProxyMeetsAMintThatIsAway) {
  mint_port->stop();
  bool done = false;
  scope.start(close_one(*mint_server, done));
  run_until(done);
  mint_server.reset();
  EXPECT_EQ(ask(proxy_url + "/v1/info").code(), Code::unreachable);
  mint_server = listen(*mint_port, url);
}

TEST_F(Ports, ControlsPlayTheOutsideAndTheOperator) {
  const auto quote =
      Json::parse(ask(url + "/v1/mint/quote/bolt11", R"({"amount":9,"unit":"sat"})").body);
  const std::string invoice = quote.at("request");
  EXPECT_EQ(ask(url + "/_test/pay", Json{{"request", invoice}}.dump()).head.status, 200);
  const std::string id = quote.at("quote");
  EXPECT_NE(ask(url + "/v1/mint/quote/bolt11/" + id).body.find("PAID"), std::string::npos);

  const auto outside = Json::parse(ask(url + "/_test/invoice", R"({"amount":5})").body);
  EXPECT_EQ(Json::parse(ask(url + "/v1/melt/quote/bolt11",
                            Json{{"request", outside.at("request")}, {"unit", "sat"}}.dump())
                            .body)
                .at("amount"),
            5);
  const auto before = a().active().id();
  const auto rotated =
      Json::parse(ask(url + "/_test/rotate", R"({"version":"v1","input_fee_ppk":300})").body);
  EXPECT_EQ(rotated.at("id"), a().active().id().text());
  EXPECT_NE(a().active().id(), before);
  EXPECT_EQ(a().active_plan().input_fee_ppk, 300u);
  EXPECT_EQ(ask(url + "/_test/without", R"({"nuts":[9]})").head.status, 200);
  EXPECT_EQ(ask(url + "/v1/restore", R"({"outputs":[]})").head.status, 404);
  const auto report = Json::parse(ask(url + "/_test/report-all").body);
  EXPECT_EQ(report.at("mints").size(), 2u);
  EXPECT_EQ(report.at("mints")[0].at("unclaimed"), 9);
  EXPECT_EQ(ask(url + "/_test/faults", R"({"fault":"no_such"})").head.status, 400);
  EXPECT_EQ(ask(url + "/_test/nonsense", "{}").head.status, 404);
  EXPECT_EQ(ask(url + "/_test/shutdown", "").head.status, 200);
  EXPECT_EQ(ask(proxy_url + "/_test/shutdown", "").head.status, 200);
  EXPECT_EQ(shutdowns, 2);
}

}  // namespace
}  // namespace archy::testmint
