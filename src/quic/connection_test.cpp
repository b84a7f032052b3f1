// Life and end of connections and streams: codes, limits, time, paths.
#include "base/limits.hpp"
#include "quic/test_world.hpp"

namespace archy::quic {
namespace {

// A connected pair; both ends held.
struct Pair {
  std::shared_ptr<Connection> ours, theirs;
};

boost::asio::awaitable<void> take_one(Endpoint& endpoint, std::shared_ptr<Connection>& out,
                                      rt::Signal& done) {
  auto connection = co_await endpoint.accept();
  if (connection) out = std::move(*connection);
  done.notify();
}

boost::asio::awaitable<void> join(World& world, Endpoint& client, Endpoint& server, Pair& pair,
                                  std::vector<rt::Address> to) {
  rt::Signal done(world.loop.get_executor());
  world.scope.start(take_one(server, pair.theirs, done));
  auto connection = co_await client.connect(server.id(), std::move(to), kAlpn);
  EXPECT_TRUE(connection) << to_string(connection.error());
  if (!connection) co_return;
  pair.ours = std::move(*connection);
  while (!pair.theirs) (void)co_await done.wait(world.clock);
}

struct StreamPair {
  std::shared_ptr<Stream> ours, theirs;
};

// One byte from us makes the stream known to the other side.
boost::asio::awaitable<void> open(Pair& pair, StreamPair& streams) {
  auto ours = co_await pair.ours->open_bi();
  EXPECT_TRUE(ours);
  streams.ours = std::move(*ours);
  Bytes one{42};
  (void)co_await streams.ours->write(std::move(one));
  auto theirs = co_await pair.theirs->accept_bi();
  EXPECT_TRUE(theirs);
  streams.theirs = std::move(*theirs);
  auto got = co_await streams.theirs->fill(1);
  EXPECT_TRUE(got);
  streams.theirs->consume(1);
}

struct Joined {
  World world;
  std::unique_ptr<Endpoint> server, client;
  Pair pair;
  explicit Joined(Config server_side = server_config(), Config client_side = client_config()) {
    server = world.endpoint(1, std::move(server_side));
    client = world.endpoint(2, std::move(client_side));
    world.run(join(world, *client, *server, pair, server->addresses()));
  }
  ~Joined() { pair = {}; }
};

TEST(Connection, BothSidesKnowTheOthersProvenKey) {
  Joined j;
  EXPECT_EQ(j.pair.ours->peer(), j.server->id());
  EXPECT_EQ(j.pair.theirs->peer(), j.client->id());
  EXPECT_EQ(j.pair.theirs->alpn(), kAlpn);
}

TEST(Connection, ApplicationCloseCarriesItsCodeAndReason) {
  Joined j;
  auto flow = [](Pair& p) -> boost::asio::awaitable<void> {
    p.theirs->close(2, "limit");
    (void)co_await p.ours->wait_closed();
  };
  j.world.run(flow(j.pair));
  ASSERT_TRUE(j.pair.ours->closed());
  EXPECT_EQ(j.pair.ours->closed()->by, CloseInfo::By::peer);
  EXPECT_TRUE(j.pair.ours->closed()->application);
  EXPECT_EQ(j.pair.ours->closed()->code, 2u);
  EXPECT_EQ(j.pair.ours->closed()->reason, "limit");
  EXPECT_EQ(j.pair.theirs->closed()->by, CloseInfo::By::us);
}

TEST(Connection, DroppingTheLastReferenceClosesWithCodeZero) {
  Joined j;
  auto flow = [](Pair& p) -> boost::asio::awaitable<void> {
    p.theirs.reset();
    (void)co_await p.ours->wait_closed();
  };
  j.world.run(flow(j.pair));
  EXPECT_TRUE(j.pair.ours->closed()->application);
  EXPECT_EQ(j.pair.ours->closed()->code, 0u);
}

TEST(Connection, EndpointCloseTellsEveryPeer) {
  Joined j;
  auto flow = [](Endpoint& server, Pair& p) -> boost::asio::awaitable<void> {
    co_await server.close(7, "going");
    (void)co_await p.ours->wait_closed();
    auto next = co_await server.accept();
    EXPECT_EQ(next.error().code, Code::cancelled);
  };
  j.world.run(flow(*j.server, j.pair));
  EXPECT_EQ(j.pair.ours->closed()->code, 7u);
  EXPECT_EQ(j.pair.ours->closed()->reason, "going");
}

TEST(Connection, ResetCodesMapToWhatTheCallerCanDo) {
  const std::pair<std::uint64_t, Code> cases[] = {
      {1, Code::denied}, {2, Code::try_later}, {3, Code::peer_fault}, {99, Code::peer_fault}};
  Joined j;
  for (const auto& [code, meaning] : cases) {
    auto flow = [](Pair& p, std::uint64_t number, Code expected) -> boost::asio::awaitable<void> {
      StreamPair s;
      co_await open(p, s);
      s.theirs->reset(number);
      auto got = co_await s.ours->fill(1);
      EXPECT_FALSE(got);
      EXPECT_EQ(got.error().code, expected);
      EXPECT_EQ(s.ours->reset_code(), number);
      s.ours->reset(number + 1);
      auto back = co_await s.theirs->fill(1);
      EXPECT_FALSE(back);
      EXPECT_EQ(s.theirs->reset_code(), number + 1);
    };
    j.world.run(flow(j.pair, code, meaning));
  }
}

// The writer is blocked by flow control when the code arrives: it must not wait for ever.
TEST(Connection, StopSendingReachesAWriterThatWaitsForAWindow) {
  Joined j;
  auto writer = [](std::shared_ptr<Stream> stream, Code& out,
                   rt::Signal& done) -> boost::asio::awaitable<void> {
    for (;;) {
      Bytes piece(65536);
      auto written = co_await stream->write(std::move(piece));
      if (written) continue;
      out = written.error().code;
      done.notify();
      co_return;
    }
  };
  auto flow = [](World& w, Pair& p, auto write_all) -> boost::asio::awaitable<void> {
    StreamPair s;
    co_await open(p, s);
    rt::Signal done(w.loop.get_executor());
    Code seen = Code::internal;
    w.scope.start(write_all(s.ours, seen, done));
    (void)co_await s.theirs->fill(3u << 20);  // most of the window, unread
    s.theirs->stop(2);
    while (seen == Code::internal) (void)co_await done.wait(w.clock);
    EXPECT_EQ(seen, Code::try_later);
    EXPECT_EQ(s.ours->stop_code(), 2u);
  };
  j.world.run(flow(j.world, j.pair, writer));
}

TEST(Connection, AReaderThatDoesNotReadBoundsTheSendersMemory) {
  Joined j;
  auto writer = [](std::shared_ptr<Stream> stream,
                   std::uint64_t& taken) -> boost::asio::awaitable<void> {
    for (;;) {
      Bytes piece(65536);
      auto written = co_await stream->write(std::move(piece));
      if (!written) co_return;
      taken += 65536;
    }
  };
  std::uint64_t taken = 0;
  auto flow = [](World& w, Pair& p, auto write_all,
                 std::uint64_t& count) -> boost::asio::awaitable<void> {
    StreamPair s;
    co_await open(p, s);
    w.scope.start(write_all(s.ours, count));
    const auto arrived = co_await s.theirs->fill(3u << 20);
    EXPECT_TRUE(arrived);
    // Nothing more may come in or be taken, however long it runs.
    (void)co_await rt::sleep_until(w.loop.get_executor(), w.clock,
                                   w.clock.now() + std::chrono::milliseconds(100));
    EXPECT_EQ(s.theirs->buffered().size(), (4u << 20) - 1);  // one byte was read before
    EXPECT_LE(count, (4u << 20) + limits::kUnsentBytesPerStream + 2 * 65536);
    // Reading opens the window again.
    s.theirs->consume(s.theirs->buffered().size());
    const auto more = co_await s.theirs->fill(1u << 20);
    EXPECT_TRUE(more);
    s.theirs->stop(0);
  };
  j.world.run(flow(j.world, j.pair, writer, taken));
}

TEST(Connection, StreamsBeyondTheCreditWaitUntilOneEnds) {
  Joined j;
  auto flow = [](World& w, Pair& p) -> boost::asio::awaitable<void> {
    std::vector<StreamPair> held(limits::kBidiStreams);
    for (auto& s : held) co_await open(p, s);
    bool opened = false;
    auto one_more = [](std::shared_ptr<Connection> c, bool& out) -> boost::asio::awaitable<void> {
      auto stream = co_await c->open_bi();
      out = stream.has_value();
    };
    rt::Scope waiting(w.loop.get_executor());
    waiting.start(one_more(p.ours, opened));
    (void)co_await rt::sleep_until(w.loop.get_executor(), w.clock,
                                   w.clock.now() + std::chrono::milliseconds(50));
    EXPECT_FALSE(opened);
    held.pop_back();
    co_await waiting.close(w.clock);
    EXPECT_TRUE(opened);
  };
  j.world.run(flow(j.world, j.pair));
}

Config short_lived(Config config, int idle_ms, int keep_alive_ms) {
  config.idle_timeout = std::chrono::milliseconds(idle_ms);
  config.keep_alive = std::chrono::milliseconds(keep_alive_ms);
  return config;
}

TEST(Connection, IdleTooLongEndsByTimeout) {
  Joined j(short_lived(server_config(), 150, 10'000), short_lived(client_config(), 150, 10'000));
  auto flow = [](Pair& p) -> boost::asio::awaitable<void> {
    (void)co_await p.ours->wait_closed();
    (void)co_await p.theirs->wait_closed();
  };
  j.world.run(flow(j.pair));
  EXPECT_EQ(j.pair.ours->closed()->by, CloseInfo::By::timeout);
  EXPECT_EQ(j.pair.theirs->closed()->by, CloseInfo::By::timeout);
  EXPECT_EQ(j.server->connections(), 0u);
}

TEST(Connection, KeepAliveOutlivesTheIdleTimeout) {
  Joined j(short_lived(server_config(), 400, 10'000), short_lived(client_config(), 400, 50));
  auto flow = [](World& w, Pair& p) -> boost::asio::awaitable<void> {
    (void)co_await rt::sleep_until(w.loop.get_executor(), w.clock,
                                   w.clock.now() + std::chrono::milliseconds(1500));
    EXPECT_FALSE(p.ours->closed());
    StreamPair s;
    co_await open(p, s);
  };
  j.world.run(flow(j.world, j.pair));
}

TEST(Connection, ADeadAddressDoesNotKeepALiveOneFromWinning) {
  for (const bool dead_first : {true, false}) {
    World world;
    auto server = world.endpoint(1, server_config());
    auto client = world.endpoint(2, client_config());
    auto silent = world.endpoint(3, client_config());
    const auto dead = silent->bound_addresses().front();
    const auto live = server->bound_addresses().front();
    Pair pair;
    auto to = dead_first ? std::vector{dead, live} : std::vector{live, dead};
    const auto start = world.clock.now();
    world.run(join(world, *client, *server, pair, to));
    ASSERT_TRUE(pair.ours);
    EXPECT_EQ(pair.ours->remote_address(), live);
    EXPECT_LT(world.clock.now() - start, std::chrono::seconds(2));
  }
}

TEST(Connection, RetryIsFollowedThrough) {
  Config config = server_config();
  config.always_retry = true;
  Joined j(config);
  ASSERT_TRUE(j.pair.theirs);
  auto flow = [](Pair& p) -> boost::asio::awaitable<void> {
    StreamPair s;
    co_await open(p, s);
  };
  j.world.run(flow(j.pair));
}

}  // namespace
}  // namespace archy::quic
