#include "sim/virtual_time.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "rt/scope.hpp"
#include "rt/signal.hpp"

namespace archy::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(VirtualTime, TimersFireInOrderOfTimeThenOfArming) {
  VirtualTime time;
  std::string order;
  time.at(rt::Instant(seconds(2)), [&] { order += 'c'; });
  time.at(rt::Instant(seconds(1)), [&] { order += 'a'; });
  time.at(rt::Instant(seconds(1)), [&] { order += 'b'; });
  EXPECT_EQ(time.run_until([] { return false; }, rt::kNever), VirtualTime::Ended::idle);
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(time.now(), rt::Instant(seconds(2)));
}

TEST(VirtualTime, HandlersRunBeforeTimeMoves) {
  VirtualTime time;
  std::string order;
  time.at(rt::Instant(seconds(1)), [&] { order += 't'; });
  boost::asio::post(time.executor(), [&] {
    order += '1';
    boost::asio::post(time.executor(), [&] { order += '2'; });
  });
  (void)time.run_until([] { return false; }, rt::kNever);
  EXPECT_EQ(order, "12t");
}

TEST(VirtualTime, StopsAtTheDeadlineAndSaysSo) {
  VirtualTime time;
  bool fired = false;
  time.at(rt::Instant(seconds(10)), [&] { fired = true; });
  EXPECT_EQ(time.run_until([] { return false; }, rt::Instant(seconds(3))),
            VirtualTime::Ended::deadline);
  EXPECT_FALSE(fired);
  EXPECT_EQ(time.now(), rt::Instant(seconds(3)));
}

TEST(VirtualTime, HandlersWithoutEndAreALivelockAndNotAHang) {
  VirtualTime time;
  std::function<void()> again = [&] { boost::asio::post(time.executor(), again); };
  again();
  EXPECT_EQ(time.run_until([] { return false; }, rt::kNever), VirtualTime::Ended::livelock);
}

TEST(NodeClock, ADisarmedTimerNeverFiresAndARearmedOneFiresOnce) {
  VirtualTime time;
  NodeClock clock(time);
  int fired = 0;
  auto first = clock.make_timer();
  auto second = clock.make_timer();
  first->arm(rt::Instant(seconds(1)), [&] { ++fired; });
  first->disarm();
  second->arm(rt::Instant(seconds(1)), [&] { fired += 10; });
  second->arm(rt::Instant(seconds(2)), [&] { fired += 100; });
  (void)time.run_until([] { return false; }, rt::kNever);
  EXPECT_EQ(fired, 100);
}

TEST(NodeClock, ATimerInThePastFiresOnTheNextTurn) {
  VirtualTime time;
  NodeClock clock(time);
  (void)time.run_until([] { return false; }, rt::Instant(seconds(5)));
  time.at(rt::Instant(seconds(5)), [] {});
  (void)time.run_until([] { return false; }, rt::Instant(seconds(5)));
  bool fired = false;
  auto timer = clock.make_timer();
  timer->arm(rt::Instant(seconds(1)), [&] { fired = true; });
  EXPECT_FALSE(fired);
  (void)time.run_until([] { return false; }, rt::kNever);
  EXPECT_TRUE(fired);
}

boost::asio::awaitable<void> sleep_hours(rt::Executor executor, rt::Clock& clock, int n,
                                         int& done) {
  for (int i = 0; i < n; ++i) {
    const rt::Instant when = clock.now() + hours(1);
    (void)co_await rt::sleep_until(executor, clock, when);
    ++done;
  }
}

TEST(VirtualTime, ADayOfCoroutinesCostsNoRealTime) {
  VirtualTime time;
  NodeClock clock(time);
  rt::Scope scope(time.executor());
  int done = 0;
  scope.start(sleep_hours(time.executor(), clock, 24, done));
  EXPECT_EQ(time.run_until([&] { return scope.running() == 0; }, rt::kNever),
            VirtualTime::Ended::done);
  EXPECT_EQ(done, 24);
  EXPECT_EQ(time.now(), rt::Instant(hours(24)));
}

}  // namespace
}  // namespace archy::sim
