// A deadline and a stop token over one stream: when either comes, `end` runs once, which is
// expected to stop or reset the stream so that the coroutine waiting on it goes on with an error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "rt/clock.hpp"

namespace archy::blobs {

// Thread: the loop; stop is requested there too. Lifetime: `clock` and what `end` refers to outlive
// it. Cost: moving the deadline later touches no timer (the timer looks when it fires).
class StreamDeadline {
 public:
  StreamDeadline(rt::Clock& clock, std::function<void()> end, std::stop_token stop = {});
  StreamDeadline(const StreamDeadline&) = delete;

  void set(rt::Instant when);
  void set_in(rt::Duration from_now) { set(clock_.now() + from_now); }
  void clear() { when_ = rt::kNever; }
  bool expired() const { return expired_; }
  bool stopped() const { return stopped_; }

 private:
  struct OnStop {
    StreamDeadline* self;
    void operator()() const { self->stop_requested(); }
  };
  void fired();
  void arm();
  void stop_requested();

  rt::Clock& clock_;
  std::function<void()> end_;
  std::unique_ptr<rt::Timer> timer_;
  rt::Instant when_ = rt::kNever;
  rt::Instant armed_ = rt::kNever;
  bool expired_ = false;
  bool stopped_ = false;
  std::optional<std::stop_callback<OnStop>> on_stop_;  // last: runs into the members above
};

}  // namespace archy::blobs
