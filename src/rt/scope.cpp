#include "rt/scope.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "base/check.hpp"
#include "rt/signal.hpp"

namespace archy::rt {

struct Scope::State {
  explicit State(const Executor& executor) : idle(executor) {}
  std::size_t running = 0;
  Signal idle;
};

Scope::Scope(Executor executor) : executor_(executor), state_(std::make_shared<State>(executor)) {}

Scope::~Scope() { stop_.request_stop(); }

std::size_t Scope::running() const { return state_->running; }

void Scope::start(boost::asio::awaitable<void> flow) {
  ++state_->running;
  boost::asio::co_spawn(executor_, std::move(flow), [state = state_](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    if (--state->running == 0) state->idle.notify();
  });
}

boost::asio::awaitable<void> Scope::close(Clock& clock) {
  stop_.request_stop();
  auto state = state_;
  while (state->running > 0) (void)co_await state->idle.wait(clock);
}

}  // namespace archy::rt
