// Time as an argument: monotonic instants for durations, wall time only for stamps people read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace archy::rt {

using Duration = std::chrono::nanoseconds;

// A monotonic instant. Its zero has no meaning outside one process (or one simulated world).
struct Monotonic {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Monotonic>;
  static constexpr bool is_steady = true;
};
using Instant = Monotonic::time_point;
inline constexpr Instant kNever = Instant::max();

// One pending call-back. Thread: the loop. Lifetime: disarmed by its destructor, never fires after
// it.
class Timer {
 public:
  virtual ~Timer() = default;
  // Replaces what was armed. An instant in the past fires on the next turn of the loop, never
  // inside arm().
  virtual void arm(Instant when, std::function<void()> on_fire) = 0;
  virtual void disarm() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // Units: milliseconds since 1970-01-01 UTC.
  virtual std::int64_t unix_ms() const = 0;
  virtual std::unique_ptr<Timer> make_timer() = 0;
};

}  // namespace archy::rt
