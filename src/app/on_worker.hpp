// A blocking job off the loop: runs on a helper thread, the coroutine waits.
#pragma once

#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "rt/posix/ordered_worker.hpp"
#include "rt/signal.hpp"

namespace archy::app {

// Thread: called on the loop; `job` runs on the worker's thread, after those submitted before it,
// and touches nothing of the loop. Waits for it whatever happens: what it refers to may not go
// before.
template <class T>
rt::Task<T> on_worker(rt::Executor executor, rt::Clock& clock, rt::OrderedWorker& worker,
                      std::function<Result<T>()> job) {
  struct State {
    explicit State(const rt::Executor& loop) : done(loop) {}
    std::optional<Result<T>> out;
    rt::Signal done;
  };
  auto state = std::make_shared<State>(executor);
  worker.submit([state, executor, job = std::move(job)] {
    auto out = std::make_shared<Result<T>>(job());
    boost::asio::post(executor, [state, out] {
      state->out = std::move(*out);
      state->done.notify();
    });
  });
  while (!state->out) (void)co_await state->done.wait(clock);
  co_return std::move(*state->out);
}

}  // namespace archy::app
