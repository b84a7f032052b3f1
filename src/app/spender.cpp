#include "app/spender.hpp"

#include "base/log.hpp"
#include "rt/signal.hpp"

namespace archy::app {
namespace {

constexpr auto kEvery = std::chrono::minutes(1);

streaming::Amount sats(const settings::Settings& settings, settings::Key<std::int64_t> key) {
  return streaming::Amount(static_cast<std::uint64_t>(settings.get(key)));
}

}  // namespace

streaming::PaymentPolicy payment_policy(const settings::Settings& settings) {
  return streaming::PaymentPolicy::of(
      sats(settings, settings::kPaymentBudgetSats), sats(settings, settings::kPaymentMaxFeeSats),
      sats(settings, settings::kPaymentFilmSats), sats(settings, settings::kPaymentPeerSats),
      sats(settings, settings::kPaymentDaySats));
}

Payer Spender::payer(const settings::Settings& settings) {
  Payer out;
  out.policy = payment_policy(settings);
  if (out.policy.pays()) out.buyer = &buyer_;
  return out;
}

void Spender::look_after_open() { scope_.start(look_after(scope_.stop_token())); }

boost::asio::awaitable<void> Spender::look_after(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto went = co_await buyer_.recover(stop);
    if (!went && went.error().code != Code::not_found && went.error().code != Code::cancelled)
      log::debug("buyer", "open purchases wait: {}", to_string(went.error()));
    const rt::Instant next = env_.clock.now() + kEvery;
    (void)co_await rt::sleep_until(env_.executor, env_.clock, next, stop);
  }
}

boost::asio::awaitable<void> Spender::close() { co_await scope_.close(env_.clock); }

}  // namespace archy::app
