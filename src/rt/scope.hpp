// Where coroutines live: everything started is counted, told to stop, and awaited. Nothing is
// detached.
#pragma once

#include <memory>
#include <stop_token>

#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::rt {

// Thread: the loop. Lifetime: close() has been awaited (or nothing was started) before the
// destructor.
class Scope {
 public:
  explicit Scope(Executor executor);
  ~Scope();
  Scope(const Scope&) = delete;

  // Starts `flow`. Its error, if any, is the flow's own business: it must have been reported
  // inside.
  void start(boost::asio::awaitable<void> flow);
  std::stop_token stop_token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }
  std::size_t running() const;
  // Asks everything to stop and waits until it has.
  boost::asio::awaitable<void> close(Clock& clock);

 private:
  struct State;
  Executor executor_;
  std::stop_source stop_;
  std::shared_ptr<State> state_;
};

}  // namespace archy::rt
