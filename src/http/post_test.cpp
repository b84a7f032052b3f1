// What is posted, where to, and what is known to have left.
#include "http/client_fixture.hpp"

namespace archy::http {
namespace {

using namespace std::chrono_literals;

Request post_to(const std::string& url, std::string body) {
  Request out{.url = url};
  out.post = Post{"application/json", Secret<std::string>(std::move(body))};
  return out;
}

struct Posts : CurlClient {};

TEST_F(Posts, TheBodyArrivesAsItIs) {
  TestServer server(always(ok("done")));
  std::string body(300'000, 'x');
  body[7] = '\0';
  const Answer answer = get(post_to(server.url("/v1/swap"), body));
  ASSERT_FALSE(answer.error) << answer.error->detail;
  EXPECT_EQ(answer.body, "done");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].body, body);
  EXPECT_EQ(requests[0].header("content-type"), "application/json");
  EXPECT_EQ(requests[0].header("expect"), "");
}

TEST_F(Posts, AnEmptyBodyIsAPostToo) {
  TestServer server(always(ok("")));
  ASSERT_FALSE(get(post_to(server.url("/"), "")).error);
  EXPECT_EQ(server.requests()[0].method, "POST");
  EXPECT_EQ(server.requests()[0].header("content-length"), "0");
}

TEST_F(Posts, ARedirectIsNotFollowed) {
  TestServer other(always(ok("stolen")));
  TestServer server(always("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.url("/") +
                           "\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(get(post_to(server.url("/"), "secret")).code(), Code::denied);
  EXPECT_TRUE(other.requests().empty());
  Request follows = post_to(server.url("/"), "secret");
  follows.max_redirects = 1;
  EXPECT_EQ(get(std::move(follows)).code(), Code::bad_input);
}

TEST_F(Posts, IsAskedBeforeAnyByteLeavesAndOnlyWithAConnection) {
  TestServer server(always(ok("")));
  int asked = 0;
  Request request = post_to(server.url("/"), "a");
  request.before_sending = [&]() -> Result<> {
    ++asked;
    EXPECT_EQ(server.requests().size(), static_cast<std::size_t>(asked - 1));
    return {};
  };
  ASSERT_FALSE(get(request).error);
  ASSERT_FALSE(get(request).error);  // on the kept connection
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(server.connections, 1);

  std::string nobody;
  {
    TestServer gone(always(ok("")));
    nobody = gone.url("/");
  }
  request.url = nobody;
  EXPECT_EQ(get(request).code(), Code::unreachable);
  EXPECT_EQ(asked, 2);
}

TEST_F(Posts, ARefusalBeforeSendingSendsNothing) {
  TestServer server(always(ok("")));
  Request request = post_to(server.url("/"), "a");
  request.before_sending = []() -> Result<> { return fail(Code::no_space, "no row"); };
  const Answer answer = get(request);
  EXPECT_EQ(answer.code(), Code::no_space);
  EXPECT_EQ(answer.error->detail, "no row");
  request.before_sending = nullptr;
  ASSERT_FALSE(get(request).error);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(Posts, WhatBreaksAfterTheRequestWasTakenIsNoRefusal) {
  TestServer server([](const TestServer::Request&, TestServer::Connection& to) { to.reset(); });
  bool asked = false;
  Request request = post_to(server.url("/"), "a");
  request.before_sending = [&]() -> Result<> {
    asked = true;
    return {};
  };
  EXPECT_EQ(get(request).code(), Code::unreachable);
  EXPECT_TRUE(asked);
  EXPECT_GE(server.requests().size(), 1u);
}

}  // namespace
}  // namespace archy::http
