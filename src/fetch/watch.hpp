// Looks at one attempt while it runs: tells the source to stop when it brings nothing for too long,
// or when the fetch itself is stopped.
//
// Thread: the loop. Lifetime: within that of the attempt; nothing fires after the destructor.
#pragma once

#include <functional>
#include <optional>

#include "fetch/source.hpp"
#include "rt/clock.hpp"

namespace archy::fetch {

class Watch {
 public:
  // Sets attempt.stop. `on_tick` is called at each look.
  Watch(rt::Clock& clock, Attempt& attempt, std::stop_token stop, std::function<void()> on_tick);
  Watch(const Watch&) = delete;

  // True when it was this watch that stopped the source.
  bool cut_off() const { return cut_off_; }

 private:
  void arm();
  void tick();

  rt::Clock& clock_;
  Attempt& attempt_;
  std::function<void()> on_tick_;
  std::stop_source own_stop_;
  std::unique_ptr<rt::Timer> timer_;
  std::uint64_t seen_ = 0;
  rt::Instant seen_at_;
  bool cut_off_ = false;
  std::stop_callback<std::function<void()>> forward_;
};

}  // namespace archy::fetch
