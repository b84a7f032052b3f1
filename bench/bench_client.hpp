// A client on the real loop for the transfer and connect benches: one endpoint, a peer named on the
// command line, one flow run to its end.
#pragma once

#include <fmt/core.h>
#include <time.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <optional>

#include "app/target.hpp"
#include "bench/bench_main.hpp"
#include "blobs/request.hpp"
#include "quic/types.hpp"
#include "rt/real_env.hpp"

namespace archy::bench {

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Thread: one.
class Client {
 public:
  // Errors: those of make_endpoint.
  Result<> open() {
    std::array<std::uint8_t, 32> seed{};
    real_.random.fill(seed);
    quic::Config config;
    config.bind = {rt::Address::v4(127, 0, 0, 1, 0)};
    TRY(endpoint, quic::make_endpoint(real_.env, crypto::Ed25519Seed(seed), config));
    endpoint_ = std::move(endpoint);
    return {};
  }
  rt::Env& env() { return real_.env; }
  rt::Clock& clock() { return real_.clock; }
  // Requires: open() was successful.
  quic::Endpoint& endpoint() { return *endpoint_; }

  rt::Task<std::shared_ptr<quic::Connection>> connect(fetch::PeerAddress peer) {
    std::string alpn(blobs::kAlpn);
    co_return co_await endpoint_->connect(peer.id, std::move(peer.addresses), std::move(alpn));
  }

  // Runs the flow, then closes the endpoint.
  Result<> run(rt::Task<> flow) {
    Result<> out;
    boost::asio::co_spawn(real_.loop, keep(std::move(flow), *endpoint_, out),
                          [](std::exception_ptr) {});
    real_.loop.run();
    return out;
  }

 private:
  static boost::asio::awaitable<void> keep(rt::Task<> flow, quic::Endpoint& endpoint,
                                           Result<>& out) {
    out = co_await std::move(flow);
    co_await endpoint.close(0, "done");
  }

  rt::RealEnv real_;
  std::unique_ptr<quic::Endpoint> endpoint_;
};

}  // namespace archy::bench
