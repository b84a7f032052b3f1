#include "fetch/watch.hpp"

#include <algorithm>

namespace archy::fetch {
namespace {

constexpr rt::Duration kTick = std::chrono::milliseconds(100);

// What cannot be verified yet counts by the group, so that a drip is not taken for progress.
std::uint64_t score(const Attempt& attempt) {
  return attempt.verified_bytes + attempt.received_bytes / bao::kGroupBytes;
}

}  // namespace

Watch::Watch(rt::Clock& clock, Attempt& attempt, std::stop_token stop,
             std::function<void()> on_tick)
    : clock_(clock),
      attempt_(attempt),
      on_tick_(std::move(on_tick)),
      timer_(clock.make_timer()),
      seen_(score(attempt)),
      seen_at_(clock.now()),
      forward_(std::move(stop), [this] { own_stop_.request_stop(); }) {
  attempt_.stop = own_stop_.get_token();
  arm();
}

void Watch::arm() {
  const auto step = std::max<rt::Duration>(std::chrono::milliseconds(1),
                                           std::min(kTick, attempt_.no_progress_limit / 4));
  timer_->arm(clock_.now() + step, [this] { tick(); });
}

void Watch::tick() {
  const auto now = clock_.now();
  if (score(attempt_) != seen_) {
    seen_ = score(attempt_);
    seen_at_ = now;
  }
  on_tick_();
  if (now - seen_at_ >= attempt_.no_progress_limit) {
    cut_off_ = true;
    own_stop_.request_stop();
    return;
  }
  arm();
}

}  // namespace archy::fetch
