#include <cstdlib>

#include "base/test_hooks.hpp"
#include "http/client_fixture.hpp"
#include "rt/signal.hpp"

namespace archy::http {
namespace {

using namespace std::chrono_literals;

TEST_F(CurlClient, BringsStatusHeadersAndBody) {
  TestServer server(always("HTTP/1.1 404 Gone\r\nX-Thing:  a b \r\nContent-Length: 3\r\n\r\nabc"));
  const auto answer = get(server.url("/x"));
  ASSERT_FALSE(answer.error);
  EXPECT_EQ(answer.head.status, 404);
  EXPECT_EQ(answer.head.header("x-thing"), "a b");
  EXPECT_EQ(answer.head.final_url, server.url("/x"));
  EXPECT_EQ(answer.body, "abc");
}

TEST_F(CurlClient, AsksForIdentityAndSendsItsRangeAndHeaders) {
  TestServer server(always(ok("x")));
  Request request{.url = server.url("/"), .range = Request::Range{5, 9}};
  request.headers = {{"If-Range", "\"e\""}};
  ASSERT_FALSE(get(request).error);
  request.range = Request::Range{7, std::nullopt};
  ASSERT_FALSE(get(request).error);
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].header("accept-encoding"), "identity");
  EXPECT_EQ(seen[0].header("range"), "bytes=5-9");
  EXPECT_EQ(seen[0].header("if-range"), "\"e\"");
  EXPECT_EQ(seen[1].header("range"), "bytes=7-");
  EXPECT_NE(seen[0].raw.find("HTTP/1.1"), std::string::npos);
}

TEST_F(CurlClient, UsesAConnectionAgain) {
  TestServer server(always(ok("x")));
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(get(server.url("/")).error);
  EXPECT_EQ(server.connections, 1);
}

// curl closes the connection that died and opens another in one step, and the system gives the
// same number again.
TEST_F(CurlClient, HearsFromAFreshConnectionUnderAnOldNumber) {
  const rt::Instant began = clock.now();
  for (int round = 0; round < 20; ++round) {
    TestServer server([](const TestServer::Request&, TestServer::Connection& to) {
      static thread_local int asked = 0;  // a thread a connection
      if (++asked == 2) return to.close();
      to.write(ok("x"));
    });
    ASSERT_EQ(get(server.url("/1")).body, "x");
    Request again{.url = server.url("/2")};
    again.no_progress_timeout = std::chrono::seconds(1);
    const auto answer = get(again);
    ASSERT_FALSE(answer.error) << round << ": " << to_string(*answer.error);
    EXPECT_EQ(server.connections, 2);
  }
  // One that is not heard is looked at again only half a second later, by a timer of curl's.
  EXPECT_LT(clock.now() - began, 5s);
}

TEST_F(CurlClient, StopsReadingWhileNobodyPulls) {
  const std::string block(1u << 20, 'x');
  std::atomic<bool> wrote_all = false;
  TestServer server([&](const TestServer::Request&, TestServer::Connection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
    bool more = true;
    for (int i = 0; i < 64 && more; ++i) more = to.write(block);
    wrote_all = more;
  });
  std::uint64_t got = 0, sent_while_idle = 0;
  auto flow = [](Client& c, rt::Clock& clock, rt::Executor executor, Request request, TestServer& s,
                 std::uint64_t& total, std::uint64_t& idle) -> boost::asio::awaitable<void> {
    auto response = co_await c.send(std::move(request), {});
    if (!response) co_return;
    // Until the server cannot send any more: its count stands still over 100 ms.
    for (std::uint64_t before = 1; before != idle;) {
      before = idle;
      (void)co_await rt::sleep_until(executor, clock, clock.now() + 100ms);
      idle = s.bytes_sent;
    }
    for (;;) {
      auto piece = co_await (*response)->read();
      if (!piece || piece->empty()) co_return;
      total += piece->size();
    }
  };
  scope.start(flow(*client, clock, loop.get_executor(), Request{.url = server.url("/")}, server,
                   got, sent_while_idle));
  loop.run();
  EXPECT_EQ(got, 64u << 20);
  EXPECT_LT(sent_while_idle, 32u << 20);  // kernel buffers and one window of ours
  EXPECT_TRUE(wrote_all);
}

TEST_F(CurlClient, TellsABodyShorterThanAnnounced) {
  TestServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true));
  const auto answer = get(server.url("/"));
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(answer.code(), Code::unreachable);
}

TEST_F(CurlClient, TellsAChunkedBodyThatBreaksOff) {
  TestServer server(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", true));
  EXPECT_EQ(get(server.url("/")).code(), Code::unreachable);
}

TEST_F(CurlClient, TakesNoMoreThanAnnounced) {
  TestServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", true));
  const auto answer = get(server.url("/"));
  EXPECT_FALSE(answer.error);
  EXPECT_EQ(answer.body, "abc");
}

struct BadHead {
  const char* name;
  std::string answer;
};
class RefusesHead : public CurlClient, public testing::WithParamInterface<BadHead> {};

TEST_P(RefusesHead, AsPeerFault) {
  TestServer server(always(GetParam().answer, true));
  EXPECT_EQ(get(server.url("/")).code(), Code::peer_fault);
}

INSTANTIATE_TEST_SUITE_P(
    CurlClient, RefusesHead,
    testing::Values(
        BadHead{"Gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"},
        BadHead{"UnknownEncoding", "HTTP/1.1 200 OK\r\nContent-Encoding: x\r\n\r\nx"},
        BadHead{"TwoLengths",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"},
        BadHead{"LengthAndChunked",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
                "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
        BadHead{"HugeHeaders", "HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x') + "\r\n\r\n"},
        BadHead{"ManyHeaders",
                [] {
                  std::string out = "HTTP/1.1 200 OK\r\n";
                  for (int i = 0; i < 5000; ++i) out += "X-Header: some value\r\n";
                  return out + "\r\n";
                }()},
        BadHead{"NotHttp", "220 smtp ready\r\n"}),
    [](const auto& row) { return row.param.name; });

TEST_F(CurlClient, FollowsRedirectsOnlyAsFarAsAllowed) {
  TestServer server([](const TestServer::Request& request, TestServer::Connection& to) {
    if (request.target == "/end") {
      to.write(ok("there"));
    } else {
      const int n = std::stoi(request.target.substr(1));
      to.write("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
               (n == 1 ? std::string("/end") : std::to_string(n - 1)) + "\r\n\r\n");
    }
  });
  Request request{.url = server.url("/5"), .max_redirects = 5};
  const auto answer = get(request);
  ASSERT_FALSE(answer.error) << answer.error->detail;
  EXPECT_EQ(answer.body, "there");
  EXPECT_EQ(answer.head.final_url, server.url("/end"));
  request.url = server.url("/6");
  EXPECT_EQ(get(request).code(), Code::denied);
  EXPECT_EQ(get(server.url("/1")).code(), Code::denied);
}

TEST_F(CurlClient, RefusesRedirectsToOtherSchemesAndPrivateHosts) {
  std::string target;
  TestServer server([&](const TestServer::Request&, TestServer::Connection& to) {
    to.write("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target + "\r\n\r\n");
  });
  for (const char* bad : {"file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/",
                          "http://user:pw@1.1.1.1/", "http://169.254.169.254/latest/meta-data/",
                          "http://10.0.0.1/", "http://[::1]:1/", "http://localhost:1/",
                          "http://127.0.0.2:1/", "http://0.0.0.0:1/", "http://", ""}) {
    target = bad;
    const auto answer = get(Request{.url = server.url("/"), .max_redirects = 5});
    if (target.empty()) continue;  // no Location: the answer itself
    EXPECT_EQ(answer.code(), Code::denied)
        << bad << ": " << (answer.error ? answer.error->detail : "no error");
  }
}

TEST_F(CurlClient, KeepsSecretsFromOtherHostsOnRedirect) {
  TestServer other(always(ok("x")));
  TestServer server([&](const TestServer::Request&, TestServer::Connection& to) {
    to.write("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + other.url("/") + "\r\n\r\n");
  });
  Request request{.url = server.url("/"), .max_redirects = 1};
  request.headers = {{"Authorization", "Bearer x"}, {"If-Range", "\"e\""}};
  ASSERT_FALSE(get(request).error);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].header("authorization"), "Bearer x");
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_EQ(other.requests()[0].header("authorization"), "");
  EXPECT_EQ(other.requests()[0].header("if-range"), "\"e\"");
}

// Each spelling either names no host at all or is stopped at the socket; none reaches the server.
TEST_F(CurlClient, ReachesNoPrivateAddressInAnySpelling) {
  TestServer server(always(ok("secret")));
  const auto port = ":" + std::to_string(server.port()) + "/";
  for (const std::string host : {"127.0.0.1",
                                 "localhost",
                                 "localhost.",
                                 "LOCALHOST",
                                 "127.1",
                                 "127.0.1",
                                 "2130706433",
                                 "0x7f000001",
                                 "0x7f.0.0.1",
                                 "0x7f.1",
                                 "0177.0.0.1",
                                 "017700000001",
                                 "0177.1",
                                 "127.0.0.1.",
                                 "0",
                                 "0.0.0.0",
                                 "00.0.0.0",
                                 "0x0",
                                 "127.255.255.254",
                                 "[::1]",
                                 "[::]",
                                 "[0:0:0:0:0:0:0:1]",
                                 "[::ffff:127.0.0.1]",
                                 "[::ffff:7f00:1]",
                                 "[::127.0.0.1]",
                                 "[64:ff9b::127.0.0.1]",
                                 "[64:ff9b::7f00:1]",
                                 "[64:ff9b:1::7f00:1]",
                                 "[2002:7f00:1::]",
                                 "[fe80::1%25lo]",
                                 "[fe80::1]",
                                 "[fd00::1]",
                                 "[ff02::1]",
                                 "10.0.0.1",
                                 "192.168.1.1",
                                 "172.16.0.1",
                                 "169.254.169.254",
                                 "100.64.0.1",
                                 "192.0.0.1",
                                 "192.0.2.1",
                                 "198.18.0.1",
                                 "198.51.100.1",
                                 "203.0.113.1",
                                 "224.0.0.1",
                                 "240.0.0.1",
                                 "255.255.255.255",
                                 "[fec0::1]",
                                 "[::ffff:10.0.0.1]",
                                 "[::ffff:0:127.0.0.1]",
                                 "%31%32%37.0.0.1",
                                 "127%2e0.0.1",
                                 "①②⑦.0.0.1",
                                 "127。0。0。1",
                                 "①27.0.0.1",
                                 "ⓛocalhost",
                                 "localhost%00.example.com",
                                 "127.0.0.1%0d",
                                 "a@127.0.0.1",
                                 "example.com:x@127.0.0.1",
                                 "[2001:0:7f00:1::]",
                                 "[2001:db8::1]"}) {
    Request request{.url = "http://" + host + port, .allow_private = false, .connect_timeout = 1s};
    request.no_progress_timeout = 1s;
    const auto answer = get(request);
    EXPECT_TRUE(answer.error) << host;
    EXPECT_NE(answer.code(), Code::timed_out) << host << " was tried";
  }
  EXPECT_EQ(server.connections, 0);
}

// A harmless name whose record says anything: what counts is where the socket would go.
TEST_F(CurlClient, ReachesNoPrivateAddressBehindAnyName) {
  TestServer server(always(ok("secret")));
  const auto url = "http://harmless.example:" + std::to_string(server.port()) + "/";
  for (const auto* ip : {"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "169.254.169.254",
                         "100.64.0.1", "192.168.1.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
                         "[fe80::1]", "[fd00::1]", "[64:ff9b::127.0.0.1]", "[ff02::1]"}) {
    const auto address = rt::parse_address(std::string(ip) + ":1");
    ASSERT_TRUE(address);
    client =
        make_curl_client(loop.get_executor(), clock, {.pinned = {{"harmless.example", *address}}});
    const auto answer = get(Request{.url = url, .allow_private = false, .connect_timeout = 1s});
    EXPECT_EQ(answer.code(), Code::denied) << ip;
  }
  EXPECT_EQ(server.connections, 0);
  // The positive control: the same name, for an operator who means it.
  client = make_curl_client(loop.get_executor(), clock,
                            {.pinned = {{"harmless.example", rt::Address::loopback(1)}}});
  EXPECT_EQ(get(url).body, "secret");
}

#ifdef ARCHY_TEST_HOOKS
TEST_F(CurlClient, ReachesAPrivateAddressBehindAPublicNameWhereOnlyNamesAreChecked) {
  TestServer server(always(ok("secret")));
  client = make_curl_client(loop.get_executor(), clock,
                            {.pinned = {{"harmless.example", rt::Address::loopback(1)}}});
  const auto url = "http://harmless.example:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(get(Request{.url = url, .allow_private = false}).code(), Code::denied);
  test_hooks::plant("connector_checks_name");
  EXPECT_EQ(get(Request{.url = url, .allow_private = false}).body, "secret");
  test_hooks::plant("");
}
#endif

TEST_F(CurlClient, NeverReusesAPrivateConnectionForAPublicOnlyRequest) {
  TestServer server(always(ok("x")));
  ASSERT_FALSE(get(server.url("/")).error);
  Request request{.url = server.url("/"), .allow_private = false};
  EXPECT_EQ(get(request).code(), Code::denied);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(CurlClient, TakesNoProxyFromTheEnvironment) {
  TestServer proxy(always(ok("proxied")));
  TestServer server(always(ok("direct")));
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  ::setenv("ALL_PROXY", proxy.url("").c_str(), 1);
  const auto answer = get(server.url("/"));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  EXPECT_EQ(answer.body, "direct");
  EXPECT_EQ(proxy.connections, 0);
}

TEST_F(CurlClient, CapsABodyThatIsAnnouncedOrJustComes) {
  TestServer server([](const TestServer::Request& request, TestServer::Connection& to) {
    if (request.target == "/announced") {
      to.write(ok("0123456789"));
    } else {
      to.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 10; ++i) to.write("1\r\nx\r\n");
      to.write("0\r\n\r\n");
    }
  });
  for (const auto* path : {"/announced", "/chunks"}) {
    Request request{.url = server.url(path)};
    request.max_body_bytes = 9;
    const auto answer = get(request);
    EXPECT_EQ(answer.code(), Code::peer_fault) << path;
    EXPECT_LE(answer.body.size(), 9u) << path;
    request.max_body_bytes = 10;
    EXPECT_FALSE(get(request).error) << path;
  }
}

// A SOCKS5 proxy that notes where it was asked to go and then plays the server itself.
// Blocks until one client was served.
void serve_socks(int listener, std::string& asked) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  const auto read = [fd](std::size_t n) {
    std::string out(n, '\0');
    return ::recv(fd, out.data(), n, MSG_WAITALL) == static_cast<ssize_t>(n) ? out : std::string();
  };
  const auto say = [fd](std::string_view text) {
    (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  };
  using namespace std::string_view_literals;
  const auto greeting = read(2);
  if (greeting.size() == 2) read(static_cast<std::size_t>(greeting[1]));
  say("\x05\x00"sv);
  const auto request = read(5);  // version, connect, 0, kind, first byte of the address
  if (request.size() == 5 && request[3] == 3) {
    asked = "name " + read(static_cast<std::size_t>(request[4]));
    read(2);
  } else if (request.size() == 5) {
    asked = "kind " + std::to_string(request[3]);
    read(5);
  }
  say("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"sv);
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const auto byte = read(1);
    if (byte.empty()) break;
    head += byte;
  }
  say(ok("through the proxy"));
  ::close(fd);
}

TEST_F(CurlClient, LetsAProxyResolveNamesAndConnectsNowhereElse) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&at), length), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &length), 0);
  client = make_curl_client(loop.get_executor(), clock,
                            {.socks5 = rt::Address::loopback(ntohs(at.sin_port))});
  TestServer direct(always(ok("direct")));
  struct Case {
    std::string url, asked;
  };
  // Names that no resolver of this machine knows, and a private address the operator named: all go
  // to the proxy, as they are.
  const Case cases[] = {{"http://no-such-host.invalid/", "name no-such-host.invalid"},
                        {"http://abcdefg.onion/", "name abcdefg.onion"},
                        {direct.url("/"), "kind 1"}};
  for (const auto& [url, expected] : cases) {
    std::string asked;
    std::thread proxy([&] { serve_socks(listener, asked); });
    const auto answer = get(Request{.url = url});
    proxy.join();
    EXPECT_EQ(answer.body, "through the proxy") << url;
    EXPECT_EQ(asked, expected);
  }
  EXPECT_EQ(direct.connections, 0);
  EXPECT_EQ(get(Request{.url = direct.url("/"), .allow_private = false}).code(), Code::denied);
  ::close(listener);
  EXPECT_EQ(get(Request{.url = "http://example.com/"}).code(), Code::unreachable);
}

TEST_F(CurlClient, AsksNobodyAboutOnionNames) {
  EXPECT_EQ(get(std::string("http://abcdefg.onion/")).code(), Code::unsupported);
}

TEST_F(CurlClient, RefusesBadUrlsAndHeadersBeforeAnyConnection) {
  for (const char* url : {"", "x", "/x", "file:///etc/passwd", "ftp://h/", "http://", "http://u@h/",
                          "http://u:p@h/", "http://h/a b", "http://h/\r\nX: y", "javascript:1"}) {
    EXPECT_EQ(get(std::string(url)).code(), Code::bad_input) << url;
  }
  EXPECT_EQ(get("http://h/" + std::string(9000, 'x')).code(), Code::bad_input);
  Request request{.url = "http://127.0.0.1:1/"};
  request.headers = {{"A", "b\r\nC: d"}};
  EXPECT_EQ(get(request).code(), Code::bad_input);
}

TEST_F(CurlClient, GivesUpOnAServerThatSendsNoHead) {
  TestServer server([](const TestServer::Request&, TestServer::Connection& to) { to.stall(); });
  Request request{.url = server.url("/"), .connect_timeout = 50ms};
  request.no_progress_timeout = 50ms;
  EXPECT_EQ(get(request).code(), Code::timed_out);
}

TEST_F(CurlClient, GivesUpOnABodyThatStalls) {
  TestServer server([](const TestServer::Request&, TestServer::Connection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    to.stall();
  });
  Request request{.url = server.url("/")};
  request.no_progress_timeout = 50ms;
  const auto answer = get(request);
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(answer.code(), Code::timed_out);
}

TEST_F(CurlClient, StopsAtOnceWhenAsked) {
  TestServer server([](const TestServer::Request&, TestServer::Connection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    to.stall();
  });
  Answer out;
  std::stop_source stop;
  scope.start(get_all(*client, Request{.url = server.url("/")}, stop.get_token(), out));
  while (out.body.empty()) loop.run_one();
  const auto before = clock.now();
  stop.request_stop();
  loop.run();
  EXPECT_EQ(out.code(), Code::cancelled);
  EXPECT_LT(clock.now() - before, 1s);
}

TEST_F(CurlClient, SaysWhenNobodyListens) {
  std::string url;
  {
    TestServer gone(always(""));
    url = gone.url("/");
  }
  EXPECT_EQ(get(url).code(), Code::unreachable);
  EXPECT_EQ(get(Request{.url = "http://no-such-host.invalid/"}).code(), Code::unreachable);
}

TEST_F(CurlClient, HeadBringsLengthWithoutBody) {
  TestServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
  const auto answer = get(Request{.url = server.url("/"), .head = true});
  ASSERT_FALSE(answer.error);
  EXPECT_EQ(answer.head.header("content-length"), "1000");
  EXPECT_EQ(server.requests()[0].method, "HEAD");
}

TEST_F(CurlClient, AResponseMayOutliveTheClient) {
  TestServer server([](const TestServer::Request&, TestServer::Connection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    to.stall();
  });
  std::unique_ptr<Response> kept;
  auto flow = [](Client& c, Request request,
                 std::unique_ptr<Response>& out) -> boost::asio::awaitable<void> {
    auto sent = co_await c.send(std::move(request), {});
    if (sent) out = std::move(*sent);
  };
  scope.start(flow(*client, Request{.url = server.url("/")}, kept));
  while (!kept) loop.run_one();
  client.reset();
  kept.reset();
}

}  // namespace
}  // namespace archy::http
