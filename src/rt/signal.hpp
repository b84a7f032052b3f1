// Waiting for "something changed": coroutines park here, notify() wakes them all.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <stop_token>

#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::rt {

// Thread: the loop. Wakes are posted, never run inside notify(). A waiter re-checks its condition.
class Signal {
 public:
  explicit Signal(Executor executor) : executor_(std::move(executor)) {}
  ~Signal();
  Signal(const Signal&) = delete;

  void notify();
  // Errors: timed_out after `deadline` (kNever: waits for ever).
  Task<> wait(Clock& clock, Instant deadline = kNever);

 private:
  struct Waiter;
  Executor executor_;
  std::list<std::shared_ptr<Waiter>> waiters_;
};

// Errors: cancelled, when `stop` is requested first.
Task<> sleep_until(Executor executor, Clock& clock, Instant when, std::stop_token stop = {});

}  // namespace archy::rt
