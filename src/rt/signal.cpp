#include "rt/signal.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace archy::rt {
namespace asio = boost::asio;

struct Signal::Waiter {
  std::move_only_function<void(bool)> resume;  // argument: true when notified, false on time-out
  std::unique_ptr<Timer> timer;

  // Runs the continuation once, on a later turn of the loop.
  void fire(const Executor& executor, bool notified) {
    if (!resume) return;
    timer.reset();
    asio::post(executor,
               [go = std::exchange(resume, nullptr), notified]() mutable { go(notified); });
  }
};

Signal::~Signal() { notify(); }

void Signal::notify() {
  auto waiting = std::exchange(waiters_, {});
  for (auto& waiter : waiting) waiter->fire(executor_, true);
}

Task<> Signal::wait(Clock& clock, Instant deadline) {
  auto initiate = [this, &clock, deadline](auto handler) {
    auto waiter = std::make_shared<Waiter>();
    waiter->resume = [h = std::move(handler)](bool notified) mutable { std::move(h)(notified); };
    waiters_.push_back(waiter);
    if (deadline == kNever) return;
    waiter->timer = clock.make_timer();
    waiter->timer->arm(deadline, [this, weak = std::weak_ptr<Waiter>(waiter)] {
      auto expired = weak.lock();
      if (!expired) return;
      waiters_.remove(expired);
      expired->fire(executor_, false);
    });
  };
  const bool notified = co_await asio::async_initiate<decltype(asio::use_awaitable), void(bool)>(
      std::move(initiate), asio::use_awaitable);
  if (!notified) co_return fail(Code::timed_out, "timed out");
  co_return Result<>{};
}

Task<> sleep_until(Executor executor, Clock& clock, Instant when, std::stop_token stop) {
  Signal signal(executor);
  std::stop_callback on_stop(stop, [&signal] { signal.notify(); });
  if (stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
  auto waited = co_await signal.wait(clock, when);
  if (!waited && waited.error().code == Code::timed_out) co_return Result<>{};
  co_return fail(Code::cancelled, "cancelled");
}

}  // namespace archy::rt
