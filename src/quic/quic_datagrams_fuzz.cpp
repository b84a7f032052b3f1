// Two endpoints in memory, the input is the wire: it delivers, drops, repeats and mangles what they
// send, injects packets of its own into either role, and lets time pass.
// covers: quic/admission.cpp
// covers: quic/cid_table.cpp
// covers: quic/endpoint_core.cpp
// covers: quic/stateless_replies.cpp
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <deque>
#include <map>

#include "quic/memory_network.hpp"
#include "quic/tuning.hpp"
#include "rt/posix/posix_files.hpp"
#include "rt/scope.hpp"

namespace archy::quic {
namespace {

// Time moves only when the input says so.
class ScriptClock final : public rt::Clock {
 public:
  rt::Instant now() const override { return now_; }
  std::int64_t unix_ms() const override { return 0; }
  std::unique_ptr<rt::Timer> make_timer() override { return std::make_unique<ScriptTimer>(*this); }
  void advance(rt::Duration by) {
    const rt::Instant end = now_ + by;
    for (int fired = 0; fired < 1000 && !armed_.empty(); ++fired) {
      const auto first = armed_.begin();
      if (first->first.first > end) break;
      now_ = std::max(now_, first->first.first);
      auto fire = std::move(first->second.second);
      first->second.first->key_ = {};
      armed_.erase(first);
      fire();
    }
    now_ = std::max(now_, end);
  }

 private:
  struct ScriptTimer;
  using Key = std::pair<rt::Instant, std::uint64_t>;
  struct ScriptTimer final : rt::Timer {
    explicit ScriptTimer(ScriptClock& owner) : clock(owner) {}
    ~ScriptTimer() override { disarm(); }
    void arm(rt::Instant when, std::function<void()> fire) override {
      disarm();
      key_ = Key{when, ++clock.sequence_};
      clock.armed_.emplace(*key_, std::pair{this, std::move(fire)});
    }
    void disarm() override {
      if (key_) clock.armed_.erase(*key_);
      key_.reset();
    }
    ScriptClock& clock;
    std::optional<Key> key_;
  };
  rt::Instant now_{std::chrono::seconds(1000)};
  std::uint64_t sequence_ = 0;
  std::map<Key, std::pair<ScriptTimer*, std::function<void()>>> armed_;
};

class ScriptRandom final : public rt::Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::uint8_t>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_ = 1;
};

boost::asio::awaitable<void> serve_stream(std::shared_ptr<Stream> stream) {
  for (;;) {
    auto got = co_await stream->fill(1);
    if (!got || *got == 0) co_return;
    Bytes back = to_bytes(stream->buffered());
    stream->consume(back.size());
    auto written = co_await stream->write(std::move(back));
    if (!written) co_return;
  }
}

boost::asio::awaitable<void> serve_connection(rt::Scope& scope,
                                              std::shared_ptr<Connection> connection) {
  for (;;) {
    auto stream = co_await connection->accept_bi();
    if (!stream) co_return;
    scope.start(serve_stream(std::move(*stream)));
  }
}

boost::asio::awaitable<void> serve(rt::Scope& scope, Endpoint& endpoint) {
  for (;;) {
    auto connection = co_await endpoint.accept();
    if (!connection) co_return;
    scope.start(serve_connection(scope, std::move(*connection)));
  }
}

boost::asio::awaitable<void> dial(Endpoint& client, EndpointId id) {
  std::vector<rt::Address> to{rt::Address::loopback(1)};
  auto connection = co_await client.connect(id, std::move(to), "/f");
  if (!connection) co_return;
  auto stream = co_await (*connection)->open_bi();
  if (!stream) co_return;
  Bytes some(3000, 7);
  (void)co_await (*stream)->write(std::move(some));
  auto got = co_await (*stream)->fill(3000);
  if (got) (*stream)->consume(*got);
  (void)co_await (*connection)->wait_closed();
}

crypto::Ed25519Seed seed_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(n);
  return crypto::Ed25519Seed(bytes);
}

struct Input {
  ByteView left;
  bool done() const { return left.empty(); }
  std::uint8_t byte() {
    if (left.empty()) return 0;
    const auto value = left[0];
    left = left.subspan(1);
    return value;
  }
  std::size_t word() {
    const std::size_t high = byte();
    return high << 8 | byte();
  }
  Bytes bytes(std::size_t n) {
    n = std::min(n, left.size());
    Bytes out = to_bytes(left.first(n));
    left = left.subspan(n);
    return out;
  }
};

struct Wire {
  boost::asio::io_context loop{1};
  ScriptClock clock;
  ScriptRandom random;
  rt::PosixFiles files;
  MemoryNetwork network;
  rt::Env env{loop.get_executor(), clock, random, files, network};
  rt::Scope scope{loop.get_executor()};
  std::unique_ptr<Endpoint> server, client;
  std::deque<MemoryNetwork::Sent> flying;

  Wire(bool retry, bool refuse) {
    Config config;
    config.bind = {rt::Address::loopback(1), rt::Address::loopback(2)};
    config.alpns = {"/f"};
    config.always_retry = retry;
    EndpointTuning tuning;
    tuning.refuse_all = refuse;
    server = std::move(*make_tuned_endpoint(env, seed_of(1), config, std::move(tuning)));
    Config client_side;
    client_side.bind = {rt::Address::loopback(3)};
    client = std::move(*make_tuned_endpoint(env, seed_of(2), client_side, {}));
    scope.start(serve(scope, *server));
    scope.start(dial(*client, server->id()));
    turn();
  }
  ~Wire() {
    client.reset();
    server.reset();
    turn();
  }
  void turn() {
    loop.restart();
    loop.poll();
    for (auto& sent : network.take_sent()) {
      if (flying.size() < 64) flying.push_back(std::move(sent));
    }
  }
  void deliver(const MemoryNetwork::Sent& packet, std::size_t server_socket) {
    if (packet.bytes.empty()) return;
    network.deliver(packet.to.port == 3 ? 2 : server_socket, packet.from, packet.bytes);
    turn();
  }

  void step(Input& in) {
    const std::uint8_t op = in.byte();
    const std::size_t socket = op >> 7;
    if (op % 8 < 5 && flying.empty()) return;
    MemoryNetwork::Sent packet;
    if (op % 8 < 5) {
      packet = std::move(flying.front());
      flying.pop_front();
    }
    switch (op % 8) {
      case 0:
        deliver(packet, socket);
        return;
      case 1:
        return;
      case 2:
        deliver(packet, 0);
        deliver(packet, 1);
        return;
      case 3: {
        const std::size_t at = in.word() % packet.bytes.size();
        packet.bytes[at] ^= in.byte();
        deliver(packet, socket);
        return;
      }
      case 4: {
        const Bytes head = in.bytes(in.byte() % 64);
        std::copy_n(head.begin(), std::min(head.size(), packet.bytes.size()), packet.bytes.begin());
        packet.bytes.resize(std::min(packet.bytes.size(), in.word()));
        deliver(packet, socket);
        return;
      }
      case 5:
        deliver({rt::Address::loopback(9), rt::Address::loopback(1), in.bytes(in.word() % 1500)},
                socket);
        return;
      case 6:
        deliver({rt::Address::loopback(1), rt::Address::loopback(3), in.bytes(in.word() % 1500)},
                socket);
        return;
      default:
        clock.advance(std::chrono::milliseconds(10) * in.byte());
        turn();
    }
  }
};

}  // namespace
}  // namespace archy::quic

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 16384) return 0;
  archy::quic::Input in{{data + 1, size - 1}};
  archy::quic::Wire wire((data[0] & 1) != 0, (data[0] & 2) != 0);
  for (int steps = 0; steps < 200 && !in.done(); ++steps) wire.step(in);
  // Strangers' packets may open at most what the input paid full-sized datagrams for.
  if (wire.server->connections() > 64) std::abort();
  return 0;
}
