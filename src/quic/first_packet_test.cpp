// Packets as they really arrive: twice, on two sockets, mangled, or not QUIC at all.
#include "quic/memory_network.hpp"
#include "quic/test_world.hpp"

namespace archy::quic {
namespace {

// A server with two sockets and a client, all in memory; the test is the wire.
struct Wire {
  World world;
  MemoryNetwork network;
  rt::Env env{world.loop.get_executor(), world.clock, world.random, world.files, network};
  std::unique_ptr<Endpoint> server, client;
  std::shared_ptr<Connection> ours;
  std::optional<Error> error;

  explicit Wire(EndpointTuning tuning = {}, Config config = server_config()) {
    config.bind = {rt::Address::loopback(1), rt::Address::loopback(2)};
    server = std::move(*make_tuned_endpoint(env, seed_of(1), config, std::move(tuning)));
    Config client_side = client_config();
    client_side.bind = {rt::Address::loopback(3)};
    client = std::move(*make_tuned_endpoint(env, seed_of(2), client_side, {}));
  }
  ~Wire() {
    ours.reset();
    client.reset();
    server.reset();
  }
  void turn() {
    world.loop.restart();
    world.loop.poll();
  }
  void start() {
    auto flow = [](Wire& w) -> boost::asio::awaitable<void> {
      auto to = std::vector{rt::Address::loopback(1)};
      auto connected = co_await w.client->connect(w.server->id(), to, kAlpn);
      if (connected) {
        w.ours = std::move(*connected);
      } else {
        w.error = connected.error();
      }
    };
    world.scope.start(flow(*this));
    turn();
  }
  // Everything the server sends goes to the client; the client's packets go where `copies` says.
  void run(const std::vector<std::size_t>& copies) {
    for (int round = 0; round < 50 && !ours; ++round) {
      for (const auto& sent : network.take_sent()) {
        if (sent.to.port == 3) {
          network.deliver(2, sent.from, sent.bytes);
        } else {
          for (const std::size_t socket : copies) network.deliver(socket, sent.from, sent.bytes);
        }
      }
      turn();
    }
  }
};

TEST(FirstPacket, DuplicatesOnTwoSocketsMakeOneConnectionThatAnswersOnTheFirst) {
  Wire wire;
  wire.start();
  const auto first = wire.network.take_sent();
  ASSERT_FALSE(first.empty());
  for (const auto& sent : first) {
    wire.network.deliver(0, sent.from, sent.bytes);
    wire.network.deliver(1, sent.from, sent.bytes);
  }
  wire.turn();
  EXPECT_EQ(wire.server->connections(), 1u);
  std::size_t answers = 0;
  for (const auto& sent : wire.network.take_sent()) {
    if (sent.to.port != 3) continue;
    EXPECT_EQ(sent.from.port, 1u);
    ++answers;
    wire.network.deliver(2, sent.from, sent.bytes);
  }
  EXPECT_GT(answers, 0u);
  wire.turn();
  wire.run({0, 1});
  ASSERT_TRUE(wire.ours);
  EXPECT_EQ(wire.server->connections(), 1u);
}

TEST(FirstPacket, UnvalidatedAddressGetsAtMostThreeTimesWhatItSent) {
  Wire wire;
  wire.start();
  std::size_t in = 0, out = 0;
  for (const auto& sent : wire.network.take_sent()) {
    in += sent.bytes.size();
    wire.network.deliver(0, rt::Address::v4(203, 0, 113, 9, 9), sent.bytes);
  }
  wire.turn();
  // Its probes time out again and again, to an address that never answers.
  for (int i = 0; i < 20; ++i) {
    wire.world.loop.restart();
    wire.world.loop.run_for(std::chrono::milliseconds(20));
  }
  for (const auto& sent : wire.network.take_sent()) {
    if (sent.to.port == 9) out += sent.bytes.size();
  }
  EXPECT_GT(out, 0u);
  EXPECT_LE(out, 3 * in);
}

TEST(FirstPacket, JunkMakesNoConnectionAndStopsNone) {
  Wire wire;
  for (std::size_t size = 1; size < 1500; size += 7) {
    Bytes junk(size);
    wire.world.random.fill(junk);
    wire.network.deliver(size % 2, rt::Address::loopback(77), junk);
    junk[0] |= 0xc0;
    wire.network.deliver(size % 2, rt::Address::loopback(77), junk);
  }
  wire.turn();
  EXPECT_EQ(wire.server->connections(), 0u);
  wire.start();
  wire.run({0});
  EXPECT_TRUE(wire.ours);
}

TEST(FirstPacket, ASmallInitialIsDropped) {
  Wire wire;
  wire.start();
  for (const auto& sent : wire.network.take_sent()) {
    wire.network.deliver(0, sent.from, ByteView(sent.bytes).first(1199));
  }
  wire.turn();
  EXPECT_EQ(wire.server->connections(), 0u);
  EXPECT_TRUE(wire.network.take_sent().empty());
}

TEST(FirstPacket, AnUnknownVersionIsToldOurs) {
  Wire wire;
  Bytes packet(1200, 0);
  packet[0] = 0xc0;
  packet[1] = 0x1a;
  packet[2] = packet[3] = packet[4] = 0x2a;
  packet[5] = 8;
  packet[14] = 8;
  wire.network.deliver(0, rt::Address::loopback(77), packet);
  const auto sent = wire.network.take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_LT(sent[0].bytes.size(), packet.size());
  EXPECT_EQ(to_hex(ByteView(sent[0].bytes).last(4)), "00000001");
}

TEST(FirstPacket, APacketOfAForgottenConnectionGetsAShorterStatelessReset) {
  Wire wire;
  Bytes packet(100, 0x55);
  wire.network.deliver(0, rt::Address::loopback(77), packet);
  const auto sent = wire.network.take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_LT(sent[0].bytes.size(), packet.size());
  EXPECT_GE(sent[0].bytes.size(), 21u);
  for (int i = 0; i < 1000; ++i) wire.network.deliver(0, rt::Address::loopback(77), packet);
  EXPECT_LE(wire.network.take_sent().size(), 100u);
}

TEST(FirstPacket, HalfOpenHandshakesFromOnePrefixAreCapped) {
  EndpointTuning tuning;
  tuning.half_open_per_prefix = 4;
  Wire wire(std::move(tuning));
  std::vector<Bytes> firsts;
  for (int i = 0; i < 10; ++i) {
    wire.start();
    for (auto& sent : wire.network.take_sent()) firsts.push_back(std::move(sent.bytes));
  }
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    wire.network.deliver(0, rt::Address::v4(203, 0, 113, static_cast<std::uint8_t>(i), 9),
                         firsts[i]);
  }
  EXPECT_EQ(wire.server->connections(), 4u);
}

// 2,000 handshakes that are begun and never answered, each from fifty networks.
TEST(FirstPacket, AHundredThousandHalfOpenHandshakesCostLittleAndKeepNobodyOut) {
  Wire wire;
  std::vector<Bytes> firsts;
  while (firsts.size() < 2000) {
    wire.start();
    for (auto& sent : wire.network.take_sent()) firsts.push_back(std::move(sent.bytes));
  }
  std::size_t in = 0, out = 0;
  for (std::uint32_t n = 0; n < 100'000; ++n) {
    const auto byte = [n](int shift) { return static_cast<std::uint8_t>(n >> shift); };
    const Bytes& first = firsts[n % firsts.size()];
    in += first.size();
    wire.network.deliver(0, rt::Address::v4(byte(16) + 1, byte(8), byte(0), 7, 9), first);
    for (const auto& sent : wire.network.take_sent()) out += sent.bytes.size();
    if (n % 1000 == 0) wire.turn();
  }
  EXPECT_LE(wire.server->connections(), limits::kRetryThreshold);
  EXPECT_GT(out, 0u);
  EXPECT_LE(out, 3 * in);
  // Who proves its address by a Retry still comes in.
  wire.start();
  wire.run({0});
  EXPECT_TRUE(wire.ours);
}

TEST(FirstPacket, AlwaysRetryAnswersAStrangerWithRetryAndKeepsNothing) {
  Config config = server_config();
  config.always_retry = true;
  Wire wire({}, config);
  wire.start();
  for (const auto& sent : wire.network.take_sent()) wire.network.deliver(0, sent.from, sent.bytes);
  EXPECT_EQ(wire.server->connections(), 0u);
  const auto sent = wire.network.take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].bytes[0] & 0xf0, 0xf0);  // long header, type Retry
  wire.network.deliver(2, sent[0].from, sent[0].bytes);
  wire.turn();
  wire.run({0});
  EXPECT_TRUE(wire.ours);
}

}  // namespace
}  // namespace archy::quic
