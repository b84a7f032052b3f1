// What must not become a connection, and what the other side is told.
#include "quic/test_world.hpp"

namespace archy::quic {
namespace {

// The error of one connect, and the CloseInfo of its last failed attempt.
struct Outcome {
  std::optional<Error> error;
  std::optional<CloseInfo> close;
};

boost::asio::awaitable<void> dial(Endpoint& client, EndpointId id, std::vector<rt::Address> to,
                                  std::string alpn, Outcome& out) {
  auto connection = co_await client.connect(id, std::move(to), std::move(alpn));
  if (!connection) out.error = connection.error();
}

Outcome dial_once(World& world, Endpoint& server, EndpointId id, std::string alpn,
                  EndpointTuning tuning = {}) {
  Outcome out;
  tuning.attempt_failed = [&out](const CloseInfo& close) { out.close = close; };
  auto client = world.endpoint(2, client_config(), std::move(tuning));
  world.run(dial(*client, id, server.addresses(), std::move(alpn), out));
  return out;
}

TEST(Refusal, WrongKeyIsDeniedAndSaysWhichKeyWasProved) {
  World world;
  auto server = world.endpoint(1, server_config());
  auto other = world.endpoint(9, client_config());
  const auto out = dial_once(world, *server, other->id(), kAlpn);
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::denied);
  EXPECT_NE(out.error->detail.find(server->id().hex()), std::string::npos);
  ASSERT_TRUE(out.close);
  EXPECT_EQ(out.close->by, CloseInfo::By::us);
  EXPECT_EQ(out.close->code, 0x100u + 42);
}

TEST(Refusal, WrongAlpnIsDeniedWithNoApplicationProtocol) {
  World world;
  auto server = world.endpoint(1, server_config());
  const auto out = dial_once(world, *server, server->id(), "/other/1");
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::denied);
  ASSERT_TRUE(out.close);
  EXPECT_EQ(out.close->code, 0x178u);
}

TEST(Refusal, AClientWithoutRawKeysIsRefused) {
  World world;
  auto server = world.endpoint(1, server_config());
  EndpointTuning tuning;
  tuning.tls.no_raw_key = true;
  const auto out = dial_once(world, *server, server->id(), kAlpn, std::move(tuning));
  ASSERT_TRUE(out.close);
  EXPECT_EQ(out.close->code, 0x128u);
}

// The client believes the handshake done; the server must neither accept it nor let it talk.
TEST(Refusal, AnAnonymousClientNeverReachesAccept) {
  World world;
  auto server = world.endpoint(1, server_config());
  EndpointTuning tuning;
  tuning.tls.no_certificate = true;
  auto client = world.endpoint(2, client_config(), std::move(tuning));
  bool accepted = false;
  auto accepting = [](Endpoint& e, bool& out) -> boost::asio::awaitable<void> {
    auto connection = co_await e.accept();
    if (connection) out = true;
  };
  world.scope.start(accepting(*server, accepted));
  std::optional<CloseInfo> close;
  auto flow = [](Endpoint& s, Endpoint& c,
                 std::optional<CloseInfo>& out) -> boost::asio::awaitable<void> {
    auto connection = co_await c.connect(s.id(), s.addresses(), kAlpn);
    if (!connection) co_return;
    (void)co_await (*connection)->wait_closed();
    out = (*connection)->closed();
  };
  world.run(flow(*server, *client, close));
  EXPECT_FALSE(accepted);
  ASSERT_TRUE(close);
  EXPECT_EQ(close->by, CloseInfo::By::peer);
  EXPECT_EQ(close->code, 0x174u);
}

TEST(Refusal, ARefusingServerSaysTryLater) {
  World world;
  EndpointTuning tuning;
  tuning.refuse_all = true;
  auto server = world.endpoint(1, server_config(), std::move(tuning));
  const auto out = dial_once(world, *server, server->id(), kAlpn);
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::try_later);
  EXPECT_EQ(out.close->code, 2u);
}

TEST(Refusal, NobodyThereTimesOut) {
  World world;
  Config config = client_config();
  config.handshake_timeout = std::chrono::milliseconds(100);
  auto client = world.endpoint(2, config);
  auto silent = world.endpoint(3, client_config());  // bound, but accepts nothing
  Outcome out;
  world.run(dial(*client, silent->id(), silent->addresses(), kAlpn, out));
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::timed_out);
  EXPECT_EQ(client->connections(), 0u);
}

TEST(Refusal, AnAddressWithoutASocketIsUnreachable) {
  World world;
  auto client = world.endpoint(2, client_config());
  Outcome out;
  auto v6 = rt::parse_address("[::1]:9");
  world.run(dial(*client, client->id(), {*v6}, kAlpn, out));
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::unreachable);
}

boost::asio::awaitable<void> hold(Endpoint& client, Endpoint& server,
                                  std::vector<std::shared_ptr<Connection>>& out, int count,
                                  int& refused) {
  for (int i = 0; i < count; ++i) {
    auto connection = co_await client.connect(server.id(), server.addresses(), kAlpn);
    if (connection) {
      out.push_back(std::move(*connection));
    } else if (connection.error().code == Code::try_later) {
      ++refused;
    }
  }
}

TEST(Refusal, AFullServerRefusesTheNextConnection) {
  World world;
  EndpointTuning tuning;
  tuning.connections = 3;
  auto server = world.endpoint(1, server_config(), std::move(tuning));
  auto client = world.endpoint(2, client_config());
  std::vector<std::shared_ptr<Connection>> held;
  int refused = 0;
  world.run(hold(*client, *server, held, 5, refused));
  EXPECT_EQ(held.size(), 3u);
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(server->connections(), 3u);
}

}  // namespace
}  // namespace archy::quic
