#include <random>

#include "crypto/sha256.hpp"
#include "quic/test_world.hpp"

namespace archy::quic {
namespace {

Bytes pattern(std::size_t size, std::uint64_t seed) {
  Bytes out(size);
  std::mt19937_64 rng(seed);
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint8_t word[8];
    store_u64_le(word, rng());
    std::copy_n(word, std::min<std::size_t>(8, size - i), out.begin() + static_cast<long>(i));
  }
  return out;
}

boost::asio::awaitable<void> echo_once(std::shared_ptr<Connection> connection, Bytes bytes,
                                       int& good) {
  auto stream = co_await connection->open_bi();
  if (!stream) co_return;
  const Bytes expected = bytes;
  auto written = co_await (*stream)->write(std::move(bytes));
  if (!written) co_return;
  (*stream)->finish();
  Bytes back;
  for (;;) {
    auto got = co_await (*stream)->fill(1);
    if (!got) co_return;
    if (*got == 0) break;
    append(back, (*stream)->buffered());
    (*stream)->consume(*got);
  }
  if (back == expected && (*stream)->at_end()) ++good;
}

TEST(Echo, OneStreamComesBackWhole) {
  World world;
  auto server = world.endpoint(1, server_config());
  auto client = world.endpoint(2, client_config());
  world.scope.start(echo_server(world.scope, *server));
  int good = 0;
  auto flow = [](Endpoint& s, Endpoint& c, int& out) -> boost::asio::awaitable<void> {
    auto connection = co_await c.connect(s.id(), s.addresses(), kAlpn);
    EXPECT_TRUE(connection) << to_string(connection.error());
    if (!connection) co_return;
    EXPECT_EQ((*connection)->peer(), s.id());
    EXPECT_EQ((*connection)->alpn(), kAlpn);
    co_await echo_once(*connection, to_bytes(as_bytes("hello")), out);
    co_await echo_once(*connection, {}, out);
  };
  world.run(flow(*server, *client, good));
  EXPECT_EQ(good, 2);
}

TEST(Echo, SixtyFourStreamsAtOnceDoNotMix) {
  World world;
  auto server = world.endpoint(1, server_config());
  auto client = world.endpoint(2, client_config());
  world.scope.start(echo_server(world.scope, *server));
  int good = 0;
  auto flow = [](World& w, Endpoint& s, Endpoint& c, int& out) -> boost::asio::awaitable<void> {
    auto connection = co_await c.connect(s.id(), s.addresses(), kAlpn);
    EXPECT_TRUE(connection);
    if (!connection) co_return;
    rt::Scope streams(w.loop.get_executor());
    for (std::uint64_t i = 0; i < 64; ++i) {
      streams.start(echo_once(*connection, pattern(1000 + i * 1777, i), out));
    }
    co_await streams.close(w.clock);
  };
  world.run(flow(world, *server, *client, good));
  EXPECT_EQ(good, 64);
}

boost::asio::awaitable<void> send_all(std::shared_ptr<Stream> stream, std::size_t total) {
  for (std::size_t at = 0; at < total; at += 1 << 16) {
    auto written = co_await stream->write(pattern(1 << 16, at));
    if (!written) co_return;
  }
  stream->finish();
  (void)co_await stream->drained();
}

boost::asio::awaitable<void> accept_and_send(Endpoint& endpoint, std::size_t total) {
  auto connection = co_await endpoint.accept();
  if (!connection) co_return;
  auto stream = co_await (*connection)->accept_bi();
  if (!stream) co_return;
  co_await send_all(std::move(*stream), total);
}

TEST(Echo, SixtyFourMebibytesArriveWithTheRightHash) {
  constexpr std::size_t kTotal = 64u << 20;
  World world;
  auto server = world.endpoint(1, server_config());
  auto client = world.endpoint(2, client_config());
  world.scope.start(accept_and_send(*server, kTotal));
  Sha256Digest got;
  auto flow = [](Endpoint& s, Endpoint& c, Sha256Digest& out) -> boost::asio::awaitable<void> {
    auto connection = co_await c.connect(s.id(), s.addresses(), kAlpn);
    EXPECT_TRUE(connection);
    if (!connection) co_return;
    auto stream = co_await (*connection)->open_bi();
    EXPECT_TRUE(stream);
    (*stream)->finish();
    crypto::Sha256 hasher;
    for (;;) {
      auto filled = co_await (*stream)->fill(16384);
      EXPECT_TRUE(filled);
      if (!filled || *filled == 0) break;
      hasher.update((*stream)->buffered());
      (*stream)->consume(*filled);
    }
    EXPECT_TRUE((*stream)->at_end());
    EXPECT_GT((*connection)->stats().path_mtu, 1400u);
    out = hasher.finish();
  };
  world.run(flow(*server, *client, got));
  crypto::Sha256 expected;
  for (std::size_t at = 0; at < kTotal; at += 1 << 16) expected.update(pattern(1 << 16, at));
  EXPECT_EQ(got, expected.finish());
}

}  // namespace
}  // namespace archy::quic
