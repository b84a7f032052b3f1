#include "wallet/mint_client.hpp"

#include <boost/asio/co_spawn.hpp>

#include "http/client_fixture.hpp"
#include "wallet/ledger/book_fixture.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;
using cashu::test::ToyMint;
using http::TestServer;
using Outcome = Sending::Outcome;

struct MintClients : BookTest {
  boost::asio::io_context loop;
  rt::AsioClock clock{loop.get_executor()};
  std::unique_ptr<http::Client> http = http::make_curl_client(loop.get_executor(), clock);
  const ToyMint mint;
  const MintId id = known("https://a.example", mint);
  Journal journal{*db, key, derivation, random};

  StoredRequest stored(const std::string& body = R"({"inputs":[],"outputs":[]})") {
    auto transaction = db->begin();
    const auto operation = OperationBook(*db, key, random).begin({.mint = id}, 1);
    return journal
        .store(std::move(*transaction), {operation->id, "/v1/swap", cashu::SpendingBody(body), {}},
               1)
        .value();
  }
  template <class T>
  T run(boost::asio::awaitable<T> task) {
    std::optional<T> out;
    boost::asio::co_spawn(loop, std::move(task), [&out](std::exception_ptr thrown, T value) {
      if (thrown) std::rethrow_exception(thrown);
      out.emplace(std::move(value));
    });
    loop.restart();
    loop.run();
    return std::move(*out);
  }
  Result<Sending> send(StoredRequest& request, const std::string& url) {
    MintClient client(*http, journal, clock, url);
    return run(client.send(request, std::chrono::seconds(5), {}));
  }
};

std::string answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(MintClients, SendTheStoredBytesAfterTheyAreMarked) {
  RequestState at_arrival = RequestState::armed;
  auto request = stored();
  TestServer server([&](const TestServer::Request&, TestServer::Connection& to) {
    at_arrival = request.state();
    to.write(answer(200, R"({"signatures":[]})"));
  });
  const auto sending = send(request, server.url(""));
  ASSERT_TRUE(sending);
  EXPECT_EQ(sending->outcome, Outcome::answered);
  EXPECT_EQ(at_arrival, RequestState::sent);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].target, "/v1/swap");
  EXPECT_EQ(server.requests()[0].body, request.body().reveal());
}

TEST_F(MintClients, ARefusalIsTheMintsOwnWord) {
  TestServer server(http::always(answer(400, R"({"detail":"spent","code":11001})")));
  auto request = stored();
  const auto sending = send(request, server.url(""));
  EXPECT_EQ(sending->outcome, Outcome::refused);
  EXPECT_EQ(sending->refusal.code, 11001u);
}

TEST_F(MintClients, EverythingElseThatMayHaveArrivedIsUnknown) {
  const std::string truncated = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"signatures\":";
  for (const std::string& bytes :
       {answer(502, "<html>Bad Gateway</html>"), answer(400, "<html>no</html>"),
        answer(500, R"({"detail":"spent","code":11001})"), answer(404, ""), truncated}) {
    TestServer server(http::always(bytes, true));
    auto request = stored();
    const auto sending = send(request, server.url(""));
    ASSERT_TRUE(sending);
    EXPECT_EQ(sending->outcome, Outcome::unknown) << bytes;
    EXPECT_EQ(request.state(), RequestState::sent);
  }
  TestServer server([](const TestServer::Request&, TestServer::Connection& to) { to.reset(); });
  auto request = stored();
  EXPECT_EQ(send(request, server.url(""))->outcome, Outcome::unknown);
}

TEST_F(MintClients, WhatNobodyTookIsNotSent) {
  std::string nobody;
  {
    TestServer gone(http::always(""));
    nobody = gone.url("");
  }
  auto request = stored();
  EXPECT_EQ(send(request, nobody)->outcome, Outcome::not_sent);
  EXPECT_EQ(request.state(), RequestState::armed);
  EXPECT_TRUE(journal.release(request));
}

TEST_F(MintClients, WithoutItsRowNothingLeaves) {
  TestServer server(http::always(answer(200, "{}")));
  auto request = stored();
  ASSERT_TRUE(journal.release(request));
  const auto sending = send(request, server.url(""));
  ASSERT_FALSE(sending);
  EXPECT_EQ(sending.error().code, Code::denied);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(MintClients, AskQuestions) {
  TestServer server([](const TestServer::Request& request, TestServer::Connection& to) {
    to.write(request.target == "/v1/info" ? answer(200, "{}")
                                          : answer(400, R"({"detail":"no","code":20001})"));
  });
  MintClient client(*http, journal, clock, server.url(""));
  EXPECT_EQ(run(client.get("/v1/info", {})).value_or("none"), "{}");
  const auto refused = run(client.post("/v1/checkstate", "{}", {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::bad_input);
}

TEST(MintBreaker, LeavesASilentMintAloneForLongerAndLonger) {
  MintBreaker breaker;
  rt::Instant now{std::chrono::hours(1)};
  for (int i = 0; i < 2; ++i) breaker.note_silence(now);
  EXPECT_TRUE(breaker.lets_through(now)) << "two lost answers are no reason";
  breaker.note_silence(now);
  EXPECT_FALSE(breaker.lets_through(now));
  EXPECT_EQ(breaker.state(now).left_alone, std::chrono::seconds(5));
  now += std::chrono::seconds(5);
  EXPECT_TRUE(breaker.lets_through(now));
  breaker.note_silence(now);
  EXPECT_EQ(breaker.state(now).left_alone, std::chrono::seconds(10));
  for (int i = 0; i < 50; ++i) breaker.note_silence(now);
  EXPECT_EQ(breaker.state(now).left_alone, MintBreaker::kLongest) << "and no longer than that";
  breaker.let_try();
  EXPECT_TRUE(breaker.lets_through(now)) << "somebody insists";
  breaker.note_silence(now);
  EXPECT_FALSE(breaker.lets_through(now));
  breaker.note_answer();
  EXPECT_TRUE(breaker.lets_through(now));
  EXPECT_EQ(breaker.state(now).unanswered, 0u);
}

TEST_F(MintClients, NothingLeavesForAMintThatIsLeftAlone) {
  TestServer server(http::always(answer(503, "busy")));
  MintClient client(*http, journal, clock, server.url(""));
  for (unsigned i = 0; i < MintBreaker::kTries; ++i)
    EXPECT_EQ(run(client.get("/v1/info", {})).error().code, Code::peer_fault);
  const auto left_alone = run(client.get("/v1/info", {}));
  EXPECT_EQ(left_alone.error().code, Code::unreachable);
  EXPECT_NE(left_alone.error().detail.find("asked again in"), std::string::npos);
  StoredRequest request = stored();
  const auto sending = run(client.send(request, std::chrono::seconds(5), {}));
  ASSERT_TRUE(sending);
  EXPECT_EQ(sending->outcome, Outcome::not_sent);
  EXPECT_FALSE(request.was_sent());
  EXPECT_EQ(server.requests().size(), MintBreaker::kTries);
}

}  // namespace
}  // namespace archy::wallet
