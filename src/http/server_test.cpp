#include <sys/stat.h>

#include "http/server_fixture.hpp"
#include "rt/signal.hpp"

namespace archy::http {
namespace {

using namespace std::chrono_literals;

// What the tests ask for, by path.
class Paths final : public Handler {
 public:
  explicit Paths(HandClock& clock, rt::Executor executor)
      : clock_(clock), executor_(std::move(executor)) {}

  rt::Task<> handle(ServerExchange& exchange) override {
    const auto path = exchange.request().path();
    ++requests;
    if (path == "/body") return echo(exchange, 1000);
    if (path == "/chunks") return chunks(exchange);
    if (path == "/wait") return wait(exchange);
    if (path == "/big") return big(exchange);
    if (path == "/short") return too_short(exchange);
    if (path == "/long") return too_long(exchange);
    if (path == "/error") return error();
    if (path == "/split") return split(exchange);
    if (path == "/forget") return forget();
    if (path == "/close") return exchange.send({.status = 200, .close = true}, "bye");
    if (path == "/none") return exchange.send({.status = 304}, "not sent");
    return exchange.send({.headers = {{"X-Method", exchange.request().method}}}, "hello");
  }

  std::atomic<int> requests = 0;
  std::atomic<int> told_gone = 0;
  std::atomic<std::uint64_t> written = 0;
  std::atomic<int> last_error = -1;

 private:
  rt::Task<> echo(ServerExchange& exchange, std::size_t cap) {
    auto body = co_await exchange.read_body(cap);
    if (!body) {
      last_error = static_cast<int>(body.error().code);
      const int status = body.error().code == Code::no_space ? 413 : 400;
      co_return co_await exchange.send({.status = status}, "no");
    }
    co_return co_await exchange.send({}, ByteView(*body));
  }
  rt::Task<> chunks(ServerExchange& exchange) {
    CO_TRY_OK(co_await exchange.begin({}, std::nullopt));
    CO_TRY_OK(co_await exchange.write(as_bytes("hello ")));
    CO_TRY_OK(co_await exchange.write({}));
    CO_TRY_OK(co_await exchange.write(as_bytes("world 0123456789")));
    co_return co_await exchange.finish();
  }
  // Until the client goes.
  rt::Task<> wait(ServerExchange& exchange) {
    auto slept = co_await rt::sleep_until(executor_, clock_, rt::kNever, exchange.stop_token());
    if (!slept) ++told_gone;
    co_return Result<>{};
  }
  rt::Task<> big(ServerExchange& exchange) {
    const Bytes block(1u << 20, 'x');
    CO_TRY_OK(co_await exchange.begin({}, std::uint64_t{64} << 20));
    for (int i = 0; i < 64; ++i) {
      auto sent = co_await exchange.write(block);
      if (!sent) {
        last_error = static_cast<int>(sent.error().code);
        co_return fail(sent.error());
      }
      written += block.size();
    }
    co_return co_await exchange.finish();
  }
  rt::Task<> too_short(ServerExchange& exchange) {
    CO_TRY_OK(co_await exchange.begin({}, 10));
    CO_TRY_OK(co_await exchange.write(as_bytes("abc")));
    co_return co_await exchange.finish();
  }
  rt::Task<> too_long(ServerExchange& exchange) {
    CO_TRY_OK(co_await exchange.begin({}, 2));
    co_return co_await exchange.write(as_bytes("abc"));
  }
  static rt::Task<> error() { co_return fail(Code::io, "a secret path"); }
  static rt::Task<> forget() { co_return Result<>{}; }
  static rt::Task<> split(ServerExchange& exchange) {
    co_return co_await exchange.send({.headers = {{"X", "a\r\nSet-Cookie: b"}}}, "no");
  }

  HandClock& clock_;
  rt::Executor executor_;
};

struct HttpServer : testing::Test {
  ServerWorld world;
  Paths paths{world.clock, world.loop.get_executor()};

  void start(ServerOptions options = {}) { world.listen(paths, options); }
  // All that comes back for `text` until the server closes.
  std::string exchange(std::string_view text) {
    RawClient client(world.address());
    client.say(text);
    return client.hear_all();
  }
  int open() {
    int out = 0;
    world.call([&] { out = static_cast<int>(world.server->connections()); });
    return out;
  }
};

constexpr std::string_view kDate = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

std::string hello(std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\n" + std::string(kDate) + "X-Method: GET\r\nContent-Length: 5\r\n" +
         std::string(more) + "\r\nhello";
}

TEST_F(HttpServer, AnswersByteForByte) {
  start();
  EXPECT_EQ(exchange(get("/", "Connection: close\r\n")), hello("Connection: close\r\n"));
}

TEST_F(HttpServer, TellsTheRealPort) {
  start();
  EXPECT_NE(world.address().port, 0);
}

TEST_F(HttpServer, KeepsAConnectionAndAnswersAPipelineInOrder) {
  start();
  RawClient client(world.address());
  client.say(get("/") + "\r\n" + get("/chunks") + get("/close"));
  EXPECT_EQ(client.hear_all(),
            hello() + "HTTP/1.1 200 OK\r\n" + std::string(kDate) +
                "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n10\r\nworld 0123456789\r\n0\r\n"
                "\r\nHTTP/1.1 200 OK\r\n" +
                std::string(kDate) + "Content-Length: 3\r\nConnection: close\r\n\r\nbye");
}

TEST_F(HttpServer, SendsHeadsWithoutBodiesForHead) {
  start();
  EXPECT_EQ(exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\n"
                     "HEAD /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\n" + std::string(kDate) +
                "X-Method: HEAD\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n" +
                std::string(kDate) + "Transfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\n" +
                std::string(kDate) + "Content-Length: 67108864\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpServer, SendsNoBodyWhereTheStatusHasNone) {
  start();
  EXPECT_EQ(exchange(get("/none", "Connection: close\r\n")),
            "HTTP/1.1 304 Not Modified\r\n" + std::string(kDate) + "Connection: close\r\n\r\n");
}

TEST_F(HttpServer, SpeaksHttp10) {
  start();
  EXPECT_EQ(exchange("GET / HTTP/1.0\r\n\r\n"), hello("Connection: close\r\n"));
  EXPECT_EQ(
      exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /chunks HTTP/1.0\r\n\r\n"),
      hello("Connection: keep-alive\r\n") + "HTTP/1.1 200 OK\r\n" + std::string(kDate) +
          "Connection: close\r\n\r\nhello world 0123456789");
}

TEST_F(HttpServer, ReadsBodiesOfEitherFraming) {
  start();
  const auto post = [](std::string_view fields, std::string_view body) {
    return "POST /body HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
  };
  RawClient client(world.address());
  client.say(post("Content-Length: 4\r\n", "abcd"));
  client.hear_until("\r\n\r\nabcd");
  client.say(post("Transfer-Encoding: chunked\r\n", "3\r\nx"));
  client.say("yz\r\n0\r\n\r\n");
  client.hear_until("\r\n\r\nxyz");
  EXPECT_EQ(paths.requests, 2);
}

TEST_F(HttpServer, AsksForABodyOnlyWhenTheHandlerWantsIt) {
  start();
  {
    RawClient client(world.address());
    client.say(
        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("ok");
    client.hear_until("\r\n\r\nok");
  }
  // Refused without a look at the body: no 100, and the connection ends, as nobody can tell whether
  // the body still comes.
  const auto answer =
      exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

TEST_F(HttpServer, CapsBodies) {
  start();
  const std::string kilo(1001, 'a');
  for (const std::string& request :
       {"POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n" +
            kilo,
        "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + kilo +
            "\r\n0\r\n\r\n"}) {
    EXPECT_TRUE(exchange(request).starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  }
  EXPECT_TRUE(exchange("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                  .starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_F(HttpServer, SkipsASmallBodyNobodyReadAndEndsAtABigOne) {
  start();
  RawClient client(world.address());
  client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /" + get("/close"));
  const auto all = client.hear_all();
  EXPECT_NE(all.find("X-Method: POST"), std::string::npos);
  EXPECT_TRUE(all.ends_with("bye"));
  EXPECT_EQ(paths.requests, 2);
  const auto big = exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\nabc");
  EXPECT_NE(big.find("Connection: close\r\n"), std::string::npos);
}

TEST_F(HttpServer, RefusesMalformedHeadsAndEndsTheConnection) {
  start();
  const std::pair<std::string, std::string> cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 Bad Request"},
      {"GET / HTTP/3.0\r\n\r\n", "505 HTTP Version Not Supported"},
      {"GET /" + std::string(20000, 'a'), "431 Request Header Fields Too Large"},
      {"\x16\x03\x01\x02\x00\x01\r\n\r\n", "400 Bad Request"},
  };
  for (const auto& [text, status] : cases) {
    const auto answer = exchange(text + get("/"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + status + "\r\n")) << answer;
    EXPECT_EQ(answer.find("hello"), std::string::npos) << answer;
  }
  EXPECT_EQ(paths.requests, 0);
}

TEST_F(HttpServer, TellsNothingOfAnErrorInside) {
  start();
  for (const auto* path : {"/error", "/split", "/forget"}) {
    const auto answer = exchange(get(path));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << answer;
    EXPECT_EQ(answer.find("secret"), std::string::npos);
    EXPECT_EQ(answer.find("Set-Cookie"), std::string::npos);
  }
}

TEST_F(HttpServer, LeavesABodyVisiblyShortWhenTheHandlerGivesUp) {
  start();
  EXPECT_TRUE(exchange(get("/short") + get("/")).ends_with("Content-Length: 10\r\n\r\nabc"));
  EXPECT_EQ(exchange(get("/long") + get("/")).find("abc"), std::string::npos);
}

TEST_F(HttpServer, TellsAWaitingHandlerThatTheClientHasGone) {
  start();
  for (const bool half : {false, true}) {
    auto client = std::make_unique<RawClient>(world.address());
    client->say(get("/wait"));
    world.eventually([&] { return paths.requests == (half ? 2 : 1); });
    if (half) {
      client->finish_saying();
    } else {
      client.reset();
    }
    world.eventually([&] { return paths.told_gone == (half ? 2 : 1); });
  }
}

TEST_F(HttpServer, AnswersAClientThatHasFinishedSending) {
  start();
  RawClient client(world.address());
  client.say(get("/"));
  client.finish_saying();
  EXPECT_TRUE(client.hear_all().ends_with("hello"));
}

TEST_F(HttpServer, EndsSlowHeadsAndSilentConnections) {
  start();
  RawClient silent(world.address());
  RawClient slow(world.address());
  slow.say("GET / HT");
  RawClient idle(world.address());
  idle.say(get("/"));
  idle.hear_until("hello");
  world.eventually([&] { return world.server->connections() == 3; });
  world.settle();  // the head's deadline counts from when its first bytes are noticed
  world.clock.advance(9s);
  EXPECT_TRUE(idle.is_silent());
  slow.say("TP/1");
  world.clock.advance(2s);
  EXPECT_EQ(silent.hear_all(), "");
  EXPECT_TRUE(slow.hear_all().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(idle.is_silent());
  world.clock.advance(50s);
  EXPECT_EQ(idle.hear_all(), "");
  world.clock.advance(3s);
  world.eventually([&] { return world.server->connections() == 0; });
}

TEST_F(HttpServer, EndsABodyThatComesTooSlowly) {
  start();
  RawClient client(world.address());
  client.say("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  world.eventually([&] { return paths.requests == 1; });
  world.clock.advance(31s);
  EXPECT_TRUE(client.hear_all().starts_with("HTTP/1.1 400"));
  EXPECT_EQ(paths.last_error, static_cast<int>(Code::timed_out));
}

TEST_F(HttpServer, WaitsForAReaderAndGivesUpOnOneThatStalls) {
  start();
  RawClient client(world.address(), 65536);
  client.say(get("/big"));
  client.hear_until("\r\n\r\n");
  std::uint64_t before = 1;
  while (before != paths.written) {
    before = paths.written;
    ::usleep(50'000);  // real time: how much the kernel buffers is not ours to know
  }
  EXPECT_LT(paths.written, 32u << 20);
  world.clock.advance(61s);
  world.eventually([&] { return paths.last_error == static_cast<int>(Code::timed_out); });
  world.eventually([&] { return world.server->connections() == 0; });
}

TEST_F(HttpServer, SendsEverythingToAReaderThatKeepsUp) {
  start();
  RawClient client(world.address());
  client.say(get("/big", "Connection: close\r\n"));
  const auto head = client.hear_until("\r\n\r\n");
  EXPECT_EQ(client.hear_all().size(), 64u << 20);
}

TEST_F(HttpServer, GivesANewConnectionThePlaceOfTheLongestIdleOne) {
  start({.max_connections = 2});
  RawClient first(world.address());
  first.say(get("/"));
  first.hear_until("hello");
  world.clock.advance(1s);
  RawClient second(world.address());
  second.say(get("/"));
  second.hear_until("hello");
  RawClient third(world.address());
  third.say(get("/"));
  third.hear_until("hello");
  EXPECT_EQ(first.hear_all(), "");
  EXPECT_TRUE(second.is_silent());
  EXPECT_EQ(open(), 2);
}

TEST_F(HttpServer, RefusesConnectionsWhenNoneIsIdle) {
  start({.max_connections = 2});
  RawClient first(world.address());
  RawClient second(world.address());
  first.say(get("/wait"));
  second.say(get("/wait"));
  world.eventually([&] { return paths.requests == 2; });
  EXPECT_TRUE(exchange("").starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}

TEST_F(HttpServer, ClosesIdleConnectionsAtOnceAndStopsExchanges) {
  start();
  RawClient idle(world.address());
  RawClient busy(world.address());
  busy.say(get("/wait"));
  world.eventually([&] { return paths.requests == 1 && world.server->connections() == 2; });
  world.close();
  EXPECT_EQ(idle.hear_all(), "");
  EXPECT_EQ(paths.told_gone, 1);
}

TEST_F(HttpServer, ListensOnLoopbackOnly) {
  const auto everywhere = rt::Address::v4(0, 0, 0, 0, 0);
  world.call([&] {
    const auto made = listen_tcp(world.loop.get_executor(), world.clock, everywhere, paths);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::denied);
  });
}

struct UnixServer : HttpServer {
  std::filesystem::path folder = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-http-XXXXXX").native();
    return std::filesystem::path(::mkdtemp(pattern.data()));
  }();
  std::filesystem::path path = folder / "sock";
  ~UnixServer() override {
    if (world.server) world.close();
    std::filesystem::remove_all(folder);
  }
  Result<> listen(ServerOptions options = {}) {
    Result<> out;
    world.call([&] {
      auto made = listen_unix(world.loop.get_executor(), world.clock, path, paths, options);
      if (made) {
        world.server = std::move(*made);
      } else {
        out = fail(made.error());
      }
    });
    return out;
  }
};

TEST_F(UnixServer, ServesItsOwnUserAndIsClosedToOthers) {
  ASSERT_TRUE(listen());
  struct stat facts{};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  RawClient client(path.native());
  client.say(get("/close"));
  EXPECT_TRUE(client.hear_all().ends_with("bye"));
  world.close();
  EXPECT_FALSE(std::filesystem::exists(path));

  ASSERT_TRUE(listen({.only_uid = ::geteuid() + 1}));
  RawClient stranger(path.native());
  stranger.say(get("/"));
  EXPECT_EQ(stranger.hear_all(), "");
  EXPECT_EQ(paths.requests, 1);
}

TEST_F(UnixServer, TakesOverADeadSocketOnly) {
  {
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(dead);
  }
  ASSERT_TRUE(listen());
  const auto living = path;
  std::unique_ptr<Server> first;
  world.call([&] { first = std::move(world.server); });
  const auto second = listen();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::locked);
  world.call([&] { world.server = std::move(first); });
  world.close();

  std::filesystem::create_directory(path);
  const auto third = listen();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::bad_input);
  path = folder / std::string(200, 'x');
  const auto fourth = listen();
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, Code::bad_input);
}

}  // namespace
}  // namespace archy::http
