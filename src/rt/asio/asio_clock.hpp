// The real clock: CLOCK_MONOTONIC through Asio's steady timer.
#pragma once

#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::rt {

class AsioClock final : public Clock {
 public:
  explicit AsioClock(Executor executor) : executor_(std::move(executor)) {}
  Instant now() const override;
  std::int64_t unix_ms() const override;
  std::unique_ptr<Timer> make_timer() override;

 private:
  Executor executor_;
};

}  // namespace archy::rt
