#include <algorithm>

#include "quic/connect_race.hpp"
#include "quic/endpoint_core.hpp"
#include "quic/handles.hpp"
#include "quic/tuning.hpp"

namespace archy::quic {
namespace {

// How long close() waits for a socket that takes nothing.
constexpr rt::Duration kCloseWait = std::chrono::milliseconds(200);

rt::Task<std::shared_ptr<Connection>> accept_next(std::shared_ptr<EndpointCore> core) {
  for (;;) {
    if (core->is_shut_down()) co_return fail(Code::cancelled, "endpoint closed");
    if (auto accepted = core->take_accepted()) {
      co_return make_connection_handle(std::move(accepted));
    }
    CO_TRY_OK(co_await core->accepted_signal().wait(core->env().clock));
  }
}

boost::asio::awaitable<void> close_endpoint(std::shared_ptr<EndpointCore> core, std::uint64_t code,
                                            std::string reason) {
  core->close_all(code, reason);
  rt::Clock& clock = core->env().clock;
  const rt::Instant deadline = clock.now() + kCloseWait;
  while (core->sockets().any_blocked() && clock.now() < deadline) {
    (void)co_await rt::sleep_until(core->env().executor, clock,
                                   clock.now() + std::chrono::milliseconds(5));
  }
  core->shut_down();
}

class EndpointHandle final : public Endpoint {
 public:
  EndpointHandle(std::shared_ptr<EndpointCore> core) : core_(std::move(core)) {}
  ~EndpointHandle() override { core_->shut_down(); }

  const EndpointId& id() const override { return core_->id(); }

  std::vector<rt::Address> bound_addresses() const override {
    std::vector<rt::Address> out;
    for (std::size_t i = 0; i < core_->sockets().count(); ++i) {
      out.push_back(core_->sockets().bound(i));
    }
    return out;
  }

  std::vector<rt::Address> addresses() const override {
    std::vector<rt::Address> reachable, loopback;
    const auto interfaces = core_->env().network.interface_addresses();
    for (const auto& bound : bound_addresses()) {
      if (!is_unspecified(bound)) {
        (is_loopback(bound) ? loopback : reachable).push_back(bound);
        continue;
      }
      for (auto address : interfaces) {
        if (address.v6 != bound.v6) continue;
        address.port = bound.port;
        (is_loopback(address) ? loopback : reachable).push_back(address);
      }
    }
    return reachable.empty() ? loopback : reachable;
  }

  rt::Task<std::shared_ptr<Connection>> connect(const EndpointId& peer,
                                                std::vector<rt::Address> addresses,
                                                std::string alpn, std::stop_token stop) override {
    return connect_race(core_, peer, std::move(addresses), std::move(alpn), std::move(stop));
  }
  rt::Task<std::shared_ptr<Connection>> accept() override { return accept_next(core_); }
  std::size_t connections() const override { return core_->live_connections(); }
  boost::asio::awaitable<void> close(std::uint64_t code, std::string_view reason) override {
    return close_endpoint(core_, code, std::string(reason));
  }

 private:
  const std::shared_ptr<EndpointCore> core_;
};

}  // namespace

Result<std::unique_ptr<Endpoint>> make_tuned_endpoint(rt::Env& env, const crypto::Ed25519Seed& seed,
                                                      Config config, EndpointTuning tuning) {
  TRY(core, EndpointCore::make(env, seed, std::move(config), std::move(tuning)));
  return std::unique_ptr<Endpoint>(std::make_unique<EndpointHandle>(std::move(core)));
}

Result<std::unique_ptr<Endpoint>> make_endpoint(rt::Env& env, const crypto::Ed25519Seed& seed,
                                                Config config) {
  return make_tuned_endpoint(env, seed, std::move(config), {});
}

}  // namespace archy::quic
