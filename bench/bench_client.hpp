// A client on the real loop for the transfer and connect benches: one endpoint, a peer named on the
// command line, one flow run to its end.
#pragma once

#include <fmt/core.h>
#include <time.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>

#include "app/target.hpp"
#include "blobs/request.hpp"
#include "quic/types.hpp"
#include "rt/asio/asio_clock.hpp"
#include "rt/asio/asio_datagram.hpp"
#include "rt/env.hpp"
#include "rt/posix/os_random.hpp"
#include "rt/posix/posix_files.hpp"

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
    random_.fill(seed);
    quic::Config config;
    config.bind = {rt::Address::v4(127, 0, 0, 1, 0)};
    TRY(endpoint, quic::make_endpoint(env_, crypto::Ed25519Seed(seed), config));
    endpoint_ = std::move(endpoint);
    return {};
  }
  rt::Env& env() { return env_; }
  rt::Clock& clock() { return clock_; }

  rt::Task<std::shared_ptr<quic::Connection>> connect(fetch::PeerAddress peer) {
    std::string alpn(blobs::kAlpn);
    co_return co_await endpoint_->connect(peer.id, std::move(peer.addresses), std::move(alpn));
  }

  // Runs the flow, then closes the endpoint.
  Result<> run(rt::Task<> flow) {
    Result<> out;
    boost::asio::co_spawn(loop_, keep(std::move(flow), *endpoint_, out), [](std::exception_ptr) {});
    loop_.run();
    return out;
  }

 private:
  static boost::asio::awaitable<void> keep(rt::Task<> flow, quic::Endpoint& endpoint,
                                           Result<>& out) {
    out = co_await std::move(flow);
    co_await endpoint.close(0, "done");
  }

  boost::asio::io_context loop_{1};
  rt::AsioClock clock_{loop_.get_executor()};
  rt::OsRandom random_;
  rt::PosixFiles files_;
  rt::AsioDatagramNetwork network_{loop_.get_executor()};
  rt::Env env_{loop_.get_executor(), clock_, random_, files_, network_};
  std::unique_ptr<quic::Endpoint> endpoint_;
};

inline int exit_with(const Result<>& result) {
  if (result.has_value()) return 0;
  fmt::print(stderr, "{}\n", to_string(result.error()));
  return 1;
}

}  // namespace archy::bench
