#include "testmint/direct_client.hpp"

#include <boost/asio/io_context.hpp>

#include "http/client_fixture.hpp"
#include "testmint/mint_fixture.hpp"

namespace archy::testmint {
namespace {

using namespace std::chrono_literals;

struct DirectClients : MintTest {
  DirectClients() {
    open();
    client.route_all(*mints);
    client.route("http://down.test", nullptr);
    now_ms = clock.unix_ms();
  }
  http::Answer send(http::Request request) {
    http::Answer out;
    rt::Scope scope(loop.get_executor());
    scope.start(http::get_all(client, std::move(request), stop.get_token(), out));
    loop.restart();
    loop.run();
    return out;
  }
  http::Answer post(const std::string& path, const std::string& body,
                    std::function<void(http::Request&)> change = {}) {
    http::Request request{.url = "http://mint-a.test" + path};
    request.post = http::Post{"application/json", Secret<std::string>(body)};
    request.before_sending = [this]() -> Result<> {
      ++asked;
      return {};
    };
    if (change) change(request);
    return send(std::move(request));
  }
  // A swap of 4 sat that no request has had before.
  std::string swap() {
    auto purse = purse_a();
    proofs = purse.fund(4);
    return swap_text(proofs, purse.prepare({4}));
  }
  bool is_spent() { return purse_a().states(proofs) == std::vector<std::string>{"SPENT"}; }

  boost::asio::io_context loop;
  rt::AsioClock clock{loop.get_executor()};
  DirectClient client{loop.get_executor(), clock};
  std::stop_source stop;
  Purse::Proofs proofs;
  int asked = 0;
};

TEST_F(DirectClients, ReachTheMintOfTheUrl) {
  EXPECT_NE(send({.url = "http://mint-a.test/v1/info"}).body.find("mint-a"), std::string::npos);
  EXPECT_NE(send({.url = "http://mint-b.test/v1/info?x"}).body.find("mint-b"), std::string::npos);
  const auto answer = post("/v1/swap", swap());
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.head.header("content-type"), "application/json");
  EXPECT_EQ(asked, 1);
}

TEST_F(DirectClients, NothingLeavesWhereNobodyListensOrTheCallerSaysNo) {
  for (const char* url : {"http://down.test/v1/swap", "http://nowhere.test/v1/swap"}) {
    EXPECT_EQ(post("", swap(), [&](auto& request) { request.url = url; }).code(),
              Code::unreachable);
  }
  EXPECT_EQ(asked, 0);
  const auto refused = post("/v1/swap", swap(), [](auto& request) {
    request.before_sending = []() -> Result<> { return fail(Code::no_space, "no row"); };
  });
  EXPECT_EQ(refused.code(), Code::no_space);
  EXPECT_FALSE(is_spent());
  EXPECT_EQ(send({.url = "nonsense"}).code(), Code::bad_input);
}

TEST_F(DirectClients, DropsBeforeAndAfterAreTheSameToTheCallerAlone) {
  fault(a(), R"({"fault":"drop_before","route":"POST /v1/swap"})");
  EXPECT_EQ(post("/v1/swap", swap()).code(), Code::unreachable);
  EXPECT_FALSE(is_spent());
  fault(a(), R"({"fault":"drop_after","route":"POST /v1/swap"})");
  EXPECT_EQ(post("/v1/swap", swap()).code(), Code::unreachable);
  EXPECT_TRUE(is_spent());
  EXPECT_EQ(asked, 2);
}

TEST_F(DirectClients, PagesOfAProxy) {
  fault(a(), R"([{"fault":"answer_before","route":"POST /v1/swap","status":400},
                 {"fault":"answer_after","route":"POST /v1/swap","nth":2,"status":504}])");
  auto answer = post("/v1/swap", swap());
  EXPECT_EQ(answer.head.status, 400);
  EXPECT_TRUE(answer.body.starts_with("<html>"));
  EXPECT_FALSE(is_spent());
  answer = post("/v1/swap", swap());
  EXPECT_EQ(answer.head.status, 504);
  EXPECT_TRUE(is_spent());
}

TEST_F(DirectClients, ATruncatedAnswerIsALostConnectionInItsBody) {
  fault(a(), R"({"fault":"truncate","route":"POST /v1/swap","bytes":7})");
  const auto answer = post("/v1/swap", swap());
  EXPECT_EQ(answer.code(), Code::unreachable);
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.body.size(), 7u);
  EXPECT_TRUE(is_spent());
}

TEST_F(DirectClients, ARequestSentTwiceIsAnsweredWithWhatTheSecondMet) {
  a().options().without.insert(19);
  fault(a(), R"({"fault":"duplicate","route":"POST /v1/swap"})");
  const auto answer = post("/v1/swap", swap());
  EXPECT_EQ(answer.head.status, 400);
  EXPECT_NE(answer.body.find("11001"), std::string::npos);
}

TEST_F(DirectClients, WhoWaitsNoLongerStillHasSent) {
  const auto hasty = [](http::Request& request) {
    request.connect_timeout = 10ms;
    request.no_progress_timeout = 10ms;
  };
  fault(a(), R"({"fault":"delay_before","route":"POST /v1/swap","ms":60})");
  EXPECT_EQ(post("/v1/swap", swap(), hasty).code(), Code::timed_out);
  // The loop ran until the request had arrived.
  EXPECT_TRUE(is_spent());
  fault(a(), R"({"fault":"delay_after","route":"POST /v1/swap","ms":60})");
  EXPECT_EQ(post("/v1/swap", swap(), hasty).code(), Code::timed_out);
  EXPECT_TRUE(is_spent());
}

TEST_F(DirectClients, StopsWhenTold) {
  stop.request_stop();
  EXPECT_EQ(post("/v1/swap", swap()).code(), Code::cancelled);
  EXPECT_EQ(asked, 0);
}

TEST_F(DirectClients, AnAnswerTooLongIsThePeersFault) {
  const auto answer = post("/v1/swap", swap(), [](auto& request) { request.max_body_bytes = 5; });
  EXPECT_EQ(answer.code(), Code::peer_fault);
}

}  // namespace
}  // namespace archy::testmint
