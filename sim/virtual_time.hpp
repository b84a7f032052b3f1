// Virtual time: one Asio context whose clock moves only when nothing is left to run. Everything of
// a world happens on it, in one thread, in an order that the seed decides.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace boost::asio {
class io_context;
}

namespace archy::sim {

// Invariants: (1) now() never falls; (2) two call-backs due at one instant run in the order they
// were scheduled; (3) time moves only when no handler is ready. Thread: the one that calls
// run_until(). Lifetime: outlives everything scheduled on it.
class VirtualTime {
 public:
  enum class Ended : unsigned char {
    done,      // the condition came true
    deadline,  // time reached the deadline first
    idle,      // nothing is left that could ever happen
    livelock,  // handlers kept making handlers at one instant
  };
  using Id = std::pair<rt::Instant, std::uint64_t>;

  VirtualTime();
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;

  rt::Executor executor();
  rt::Instant now() const { return now_; }
  Id at(rt::Instant when, std::function<void()> call);
  void cancel(const Id& id) { queue_.erase(id); }
  // Looks at `done` between handlers.
  Ended run_until(const std::function<bool()>& done, rt::Instant deadline);
  // Handlers run so far: a measure of work that does not depend on the machine.
  std::uint64_t steps() const { return steps_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
  rt::Instant now_{};
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_ = 0;
  std::map<Id, std::function<void()>> queue_;
};

// What one node sees of the time: the world's monotonic instant, and a wall clock that the world
// may bend.
class NodeClock final : public rt::Clock {
 public:
  explicit NodeClock(VirtualTime& time) : time_(time) {}
  rt::Instant now() const override { return time_.now(); }
  std::int64_t unix_ms() const override;
  std::unique_ptr<rt::Timer> make_timer() override;
  // Units: milliseconds, either way.
  void jump(std::int64_t ms) { offset_ms_ += ms; }

 private:
  VirtualTime& time_;
  std::int64_t offset_ms_ = 1'750'000'000'000;
};

}  // namespace archy::sim
