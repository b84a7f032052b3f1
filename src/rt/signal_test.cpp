#include "rt/signal.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "rt/asio/asio_clock.hpp"
#include "rt/scope.hpp"

namespace archy::rt {
namespace {

struct SignalTest : testing::Test {
  boost::asio::io_context loop;
  AsioClock clock{loop.get_executor()};
};

TEST_F(SignalTest, TimesOutAtItsDeadline) {
  Signal signal(loop.get_executor());
  Scope scope(loop.get_executor());
  Code seen = Code::internal;
  auto flow = [](Signal& s, Clock& c, Code& out) -> boost::asio::awaitable<void> {
    auto waited = co_await s.wait(c, c.now() + std::chrono::milliseconds(5));
    out = waited ? Code::internal : waited.error().code;
  };
  scope.start(flow(signal, clock, seen));
  loop.run();
  EXPECT_EQ(seen, Code::timed_out);
  EXPECT_EQ(scope.running(), 0u);
}

TEST_F(SignalTest, NotifyWakesEveryWaiterOnce) {
  Signal signal(loop.get_executor());
  Scope scope(loop.get_executor());
  int woken = 0;
  auto flow = [](Signal& s, Clock& c, int& out) -> boost::asio::awaitable<void> {
    auto waited = co_await s.wait(c);
    if (waited) ++out;
  };
  for (int i = 0; i < 3; ++i) scope.start(flow(signal, clock, woken));
  loop.poll();
  EXPECT_EQ(woken, 0);
  signal.notify();
  loop.restart();
  loop.run();
  EXPECT_EQ(woken, 3);
}

TEST_F(SignalTest, StopEndsASleepEarly) {
  Scope scope(loop.get_executor());
  Code seen = Code::internal;
  auto flow = [](Scope& s, Executor e, Clock& c, Code& out) -> boost::asio::awaitable<void> {
    auto slept = co_await sleep_until(e, c, c.now() + std::chrono::hours(1), s.stop_token());
    out = slept ? Code::internal : slept.error().code;
  };
  scope.start(flow(scope, loop.get_executor(), clock, seen));
  loop.poll();
  scope.request_stop();
  loop.restart();
  loop.run();
  EXPECT_EQ(seen, Code::cancelled);
}

}  // namespace
}  // namespace archy::rt
