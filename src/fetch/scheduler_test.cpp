// One rule of scheduler.hpp a test; histories are the fuzzer's, speeds the race's.
#include "fetch/scheduler.hpp"

#include <gtest/gtest.h>

namespace archy::fetch {
namespace {

using namespace std::chrono_literals;
constexpr auto kPeer = SourceKind::peer;
constexpr auto kOrigin = SourceKind::origin;

struct Rules : testing::Test {
  rt::Instant now{100s};
  Scheduler scheduler{SchedulerOptions{}, now};

  void blob(std::uint64_t groups, GroupSet held = {}) { scheduler.set_blob(groups, held); }
  Decision after(rt::Duration time) {
    now += time;
    return scheduler.next(now);
  }
  // `source` brings [begin, end), evenly over `time`.
  void bring(std::size_t source, std::uint64_t begin, std::uint64_t end, rt::Duration time) {
    const auto step = time / static_cast<int>(end - begin);
    for (; begin < end; ++begin) {
      now += step;
      scheduler.verified(source, {begin, begin + 1}, now);
    }
  }
};
GroupSet some(std::uint64_t begin, std::uint64_t end) { return group_set({begin, end}); }

TEST_F(Rules, WhatIsHeldIsNeverAskedFor) {
  scheduler.add_source(kPeer);
  blob(100, some(10, 90));
  const auto decision = after(0s);
  ASSERT_EQ(decision.start.size(), 1u);
  EXPECT_EQ(decision.start[0].ask, some(0, 10) | some(90, 100));
}

TEST_F(Rules, APeerWithAPartIsAskedForThatPart) {
  const auto part = scheduler.add_source(kPeer);
  const auto all = scheduler.add_source(kPeer);
  blob(100);
  scheduler.source_has(part, some(40, 60));
  const auto decision = after(0s);
  ASSERT_EQ(decision.start.size(), 2u);
  EXPECT_EQ(decision.start[0].source, part);
  EXPECT_EQ(decision.start[0].ask, some(40, 56));
  EXPECT_EQ(decision.start[1].source, all);
  EXPECT_EQ(decision.start[1].range.begin, 0u);
}

TEST_F(Rules, WhoDidNotGiveWhatItWasAskedForLacksIt) {
  const auto source = scheduler.add_source(kPeer);
  blob(20);
  ASSERT_EQ(after(0s).start[0].ask, some(0, 20));
  bring(source, 0, 5, 10ms);
  scheduler.ended(source, Ended::done, now);
  EXPECT_TRUE(after(0s).stuck);
  scheduler.source_has(source, some(0, 8));
  EXPECT_EQ(after(0s).start[0].ask, some(5, 8));
}

TEST_F(Rules, ALiarNeverComesBack) {
  const auto liar = scheduler.add_source(kPeer);
  blob(20);
  after(0s);
  scheduler.ended(liar, Ended::lied, now);
  EXPECT_TRUE(scheduler.is_dropped(liar));
  EXPECT_TRUE(after(1h).stuck);
}

TEST_F(Rules, FailuresBackOffLongerEachTimeAndEnd) {
  const auto source = scheduler.add_source(kPeer);
  blob(20);
  rt::Duration pause = 200ms;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(after(0s).start.size(), 1u);
    scheduler.ended(source, Ended::retry, now);
    const auto decision = after(0s);
    EXPECT_TRUE(decision.start.empty());
    EXPECT_EQ(decision.wake, now + pause);
    now += pause;
    pause *= 2;
  }
  after(0s);
  scheduler.ended(source, Ended::retry, now);
  EXPECT_TRUE(after(0s).stuck);
}

TEST_F(Rules, WhileTheSizeIsUnknownPeersAreAskedOneAfterTheOther) {
  for (int i = 0; i < 3; ++i) scheduler.add_source(kPeer);
  EXPECT_EQ(after(0s).start.size(), 1u);
  EXPECT_EQ(after(59ms).start.size(), 0u);
  const auto second = after(1ms);
  ASSERT_EQ(second.start.size(), 1u);
  EXPECT_EQ(second.start[0].range, (GroupSpan{0, 16}));
  const auto third = after(60ms);
  ASSERT_EQ(third.start.size(), 1u);
  EXPECT_EQ(third.start[0].range, (GroupSpan{16, 32}));
}

TEST_F(Rules, TheOriginWaitsItsHeadStartForPeersAndNotWithoutThem) {
  const auto peer = scheduler.add_source(kPeer);
  const auto origin = scheduler.add_source(kOrigin);
  blob(1000);
  const auto decision = after(0s);
  ASSERT_EQ(decision.start.size(), 1u);
  EXPECT_EQ(decision.start[0].source, peer);
  EXPECT_EQ(decision.wake, now + 200ms);
  scheduler.ended(peer, Ended::useless, now);
  const auto alone = after(0s);
  ASSERT_EQ(alone.start.size(), 1u);
  EXPECT_EQ(alone.start[0].source, origin);
}

TEST_F(Rules, AStalledPeersPartGoesToTheOriginWhole) {
  scheduler.add_source(kPeer);
  const auto origin = scheduler.add_source(kOrigin);
  blob(1000);
  after(0s);
  const auto decision = after(200ms);
  ASSERT_EQ(decision.start.size(), 1u);
  EXPECT_EQ(decision.start[0].source, origin);
  EXPECT_EQ(decision.start[0].ask, some(0, 1000));
  EXPECT_TRUE(decision.call_off.empty());
}

TEST_F(Rules, AnIdleSourceTakesTheTailOfWhoWouldBeDoneLast) {
  const auto first = scheduler.add_source(kPeer);
  scheduler.add_source(kOrigin);
  blob(1000);
  ASSERT_EQ(after(0s).start[0].ask, some(0, 1000));
  bring(first, 0, 200, 200ms);
  const auto decision = after(0s);
  ASSERT_EQ(decision.start.size(), 1u);
  EXPECT_NEAR(static_cast<double>(decision.start[0].range.begin), 600, 1);
  EXPECT_EQ(decision.start[0].range.end, 1000u);
}

TEST_F(Rules, WhoPassesOverMuchThatIsHeldIsCalledOff) {
  const auto first = scheduler.add_source(kPeer);
  scheduler.add_source(kPeer);
  blob(200);
  const auto decision = after(0s);
  ASSERT_EQ(decision.start[0].ask, some(0, 16));
  bring(first, 0, 2, 2ms);
  scheduler.held({2, 16});
  EXPECT_EQ(after(1ms).call_off, std::vector<std::size_t>{first});
}

TEST_F(Rules, AtAJumpOfThePlayheadTheFastestIsCalledOffForIt) {
  const auto only = scheduler.add_source(kPeer);
  blob(4000);
  after(0s);
  bring(only, 0, 100, 100ms);
  scheduler.set_playhead(3000, 200);
  const auto jump = after(0s);
  EXPECT_EQ(jump.call_off, std::vector<std::size_t>{only});
  scheduler.ended(only, Ended::called_off, now);
  const auto there = after(0s);
  ASSERT_EQ(there.start.size(), 1u);
  EXPECT_EQ(there.start[0].range.begin, 3000u);
}

TEST_F(Rules, AQuarantineKeepsNobodyFromAnything) {
  const auto origin = scheduler.add_source(kOrigin);
  blob(100);
  after(0s);
  scheduler.set_loose(origin);
  scheduler.add_source(kPeer);
  const auto decision = after(0s);
  ASSERT_EQ(decision.start.size(), 1u);
  EXPECT_EQ(decision.start[0].range.begin, 0u);
}

TEST_F(Rules, APeerWithAPartIsAskedForItThoughTheSizeIsUnknown) {
  const auto part = scheduler.add_source(kPeer);
  scheduler.source_has(part, some(40, 50));
  const auto decision = after(0s);
  ASSERT_EQ(decision.start.size(), 1u);
  EXPECT_EQ(decision.start[0].ask, some(40, 50));
}

TEST_F(Rules, WhoFailedIsGivenLongerBeforeItCountsAsSilent) {
  const auto far = scheduler.add_source(kPeer);
  blob(100);
  after(0s);
  scheduler.ended(far, Ended::retry, now);
  ASSERT_EQ(after(200ms).start.size(), 1u);
  scheduler.add_source(kPeer);
  EXPECT_TRUE(after(200ms).start.empty());  // its part is not free yet
  EXPECT_EQ(after(200ms).start.size(), 1u);
}

TEST_F(Rules, ALossOfWhatWasHeldCallsEverybodyOff) {
  const auto source = scheduler.add_source(kPeer);
  blob(100);
  after(0s);
  bring(source, 0, 10, 10ms);
  blob(100, some(0, 5));
  EXPECT_EQ(after(0s).call_off, std::vector<std::size_t>{source});
}

TEST_F(Rules, OneThatDiesSlowlyDoesNotKeepAnotherFromThePlayhead) {
  const auto stuck = scheduler.add_source(kPeer);
  const auto good = scheduler.add_source(kPeer);
  blob(4000);
  after(0s);
  bring(good, 16, 20, 4ms);
  scheduler.ended(good, Ended::done, now);
  scheduler.set_playhead(0, 100);
  after(200ms);  // `stuck` may be called off, and does not end
  bring(good, 0, 16, 16ms);
  scheduler.set_playhead(3000, 100);
  after(0s);
  scheduler.ended(good, Ended::called_off, now);
  const auto there = after(0s);
  EXPECT_FALSE(scheduler.is_dropped(stuck));
  ASSERT_FALSE(there.start.empty());
  EXPECT_EQ(there.start[0].range.begin, 3000u);
}

TEST_F(Rules, AnotherSizeCallsEverybodyOff) {
  const auto source = scheduler.add_source(kPeer);
  blob(100);
  after(0s);
  bring(source, 0, 10, 10ms);
  blob(101);
  EXPECT_EQ(after(0s).call_off, std::vector<std::size_t>{source});
  scheduler.ended(source, Ended::called_off, now);
  EXPECT_EQ(after(0s).start[0].ask, some(0, 101));
}

}  // namespace
}  // namespace archy::fetch
