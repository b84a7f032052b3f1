#include "app/seller.hpp"

#include "base/log.hpp"
#include "rt/signal.hpp"

namespace archy::app {

void Seller::look_after_used(rt::Duration every) {
  scope_.start(look_after(every, scope_.stop_token()));
}

boost::asio::awaitable<void> Seller::look_after(rt::Duration every, std::stop_token stop) {
  while (!stop.stop_requested()) {
    const rt::Instant next = env_.clock.now() + every;
    (void)co_await rt::sleep_until(env_.executor, env_.clock, next, stop);
    if (stop.stop_requested()) co_return;
    if (auto written = gate_.write_used(); !written)
      log::debug("streaming", "what was used waits: {}", to_string(written.error()));
  }
}

boost::asio::awaitable<void> Seller::close() {
  co_await scope_.close(env_.clock);
  if (auto closed = gate_.close(); !closed)
    log::warn("streaming", "what was used is not written: {}", to_string(closed.error()));
}

}  // namespace archy::app
