// How fast a source is now: what it brought over the time it was asked, older parts counting less.
// Silence lowers it, idleness does not. Latency counts as time, so it is what a range costs from
// here.
#pragma once

#include <cmath>
#include <cstdint>

#include "rt/clock.hpp"

namespace archy::fetch {

// Units: groups and seconds.
class RateMeter {
 public:
  // The source was asked for something / its answer ended.
  void begin(rt::Instant now) {
    running_ = true;
    at_ = now;
  }
  void end(rt::Instant now) {
    pass(now);
    running_ = false;
  }
  void add(std::uint64_t groups, rt::Instant now) {
    if (running_) pass(now);
    groups_ += static_cast<double>(groups);
  }
  // Zero: nothing came yet.
  double per_second(rt::Instant now) const {
    if (groups_ <= 0) return 0;
    const double dt = running_ && now > at_ ? seconds(now - at_) : 0;
    const double kept = std::exp(-dt / kMemory);
    const double time = time_ * kept + dt;
    return groups_ * kept / (time > kShortest ? time : kShortest);
  }

 private:
  static constexpr double kMemory = 1.0;
  static constexpr double kShortest = 1e-4;
  static double seconds(rt::Duration d) { return std::chrono::duration<double>(d).count(); }
  void pass(rt::Instant now) {
    if (!running_ || now <= at_) return;
    const double dt = seconds(now - at_);
    const double kept = std::exp(-dt / kMemory);
    groups_ *= kept;
    time_ = time_ * kept + dt;
    at_ = now;
  }

  bool running_ = false;
  rt::Instant at_{};
  double groups_ = 0;
  double time_ = 0;
};

}  // namespace archy::fetch
