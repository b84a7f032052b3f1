#include "fetch/plan.hpp"

#include <gtest/gtest.h>

#include "base/test_hooks.hpp"

namespace archy::fetch {
namespace {

using Kind = Action::Kind;
constexpr rt::Instant kNow{std::chrono::seconds(100)};
constexpr PlanLimits kLimits{.max_failures = 3, .max_turns = 10};

SourceState peer() { return {.kind = SourceKind::peer}; }
SourceState origin() { return {.kind = SourceKind::origin}; }
template <class F>
SourceState with(SourceState state, F change) {
  change(state);
  return state;
}

struct Row {
  const char* name;
  PlanState state;
  Action expected;
};
class PlanNext : public testing::TestWithParam<Row> {};

TEST_P(PlanNext, Decides) {
  EXPECT_EQ(plan_next(GetParam().state, kLimits, kNow), GetParam().expected);
}

const auto kAsked = [](SourceState& s) { s.turns = 1; };
const auto kLeft = [](SourceState& s) { s.left = true; };
const auto kWaiting = [](SourceState& s) { s.not_before = kNow + std::chrono::seconds(2); };
const auto kWaitingLess = [](SourceState& s) { s.not_before = kNow + std::chrono::seconds(1); };
const auto kNeedsTree = [](SourceState& s) {
  s.turns = 1;
  s.needs_tree = true;
};
const auto kProved = [](SourceState& s) {
  s.turns = 1;
  s.gave_bytes = true;
};

INSTANTIATE_TEST_SUITE_P(
    Rules, PlanNext,
    testing::Values(
        Row{"CompleteIsDone", {.complete = true, .sources = {peer()}}, {.kind = Kind::done}},
        Row{"StoppedGivesUp", {.stopped = true, .sources = {peer()}}, {.kind = Kind::give_up}},
        Row{"CompleteBeatsStopped", {.complete = true, .stopped = true}, {.kind = Kind::done}},
        Row{"NobodyGivesUp", {}, {.kind = Kind::give_up}},
        Row{"PeersComeInTheirOrder",
            {.sources = {peer(), peer(), origin()}},
            {.kind = Kind::fetch, .source = 0}},
        Row{"ThenTheNextPeer",
            {.sources = {with(peer(), kAsked), peer(), origin()}},
            {.kind = Kind::fetch, .source = 1}},
        Row{"TheOriginComesAfterOneTurnOfEachPeer",
            {.sources = {with(peer(), kAsked), with(peer(), kAsked), origin()}},
            {.kind = Kind::quarantine, .source = 2}},
        Row{"TheOriginHoldsBackQuarantineWhileAPeerCanHelp",
            {.sources = {with(peer(), kProved), origin()}},
            {.kind = Kind::fetch, .source = 1}},
        Row{"ThenTheRoundBeginsAgain",
            {.sources = {with(peer(), kAsked), with(origin(), kAsked)}},
            {.kind = Kind::fetch, .source = 0}},
        Row{"WhoIsLeftIsPassedOver",
            {.sources = {with(peer(), kLeft), with(origin(), kAsked)}},
            {.kind = Kind::quarantine, .source = 1}},
        Row{"WhoWaitsIsPassedOver",
            {.sources = {with(peer(), kWaiting), with(origin(), kAsked)}},
            {.kind = Kind::quarantine, .source = 1}},
        Row{"AllWaitingWaitsForTheFirst",
            {.sources = {with(peer(), kWaiting), with(origin(), kWaitingLess)}},
            {.kind = Kind::wait, .until = kNow + std::chrono::seconds(1)}},
        Row{"TooManyFailuresInARowEnd",
            {.sources = {with(peer(), [](SourceState& s) { s.failures = 3; })}},
            {.kind = Kind::give_up}},
        Row{"TooManyTurnsEnd",
            {.sources = {with(peer(), [](SourceState& s) { s.turns = 10; })}},
            {.kind = Kind::give_up}},
        Row{"AnOriginWithoutHashesGetsThemFromAProvedPeer",
            {.sources = {with(peer(), kAsked), with(peer(), kProved), with(origin(), kNeedsTree)}},
            {.kind = Kind::skeleton, .source = 1}},
        Row{"ThenItGoesToQuarantine",
            {.sources = {with(with(peer(), kProved),
                              [](SourceState& s) { s.skeleton_asked = true; }),
                         with(peer(), kAsked), with(origin(), kNeedsTree)}},
            {.kind = Kind::quarantine, .source = 2}},
        Row{"APeerInBackOffIsStillGoodForHashes",
            {.sources = {with(with(peer(), kProved), kWaiting), with(origin(), kNeedsTree)}},
            {.kind = Kind::skeleton, .source = 0}},
        Row{"ALiarIsNeverAskedForHashes",
            {.sources = {with(with(peer(), kProved), kLeft), with(origin(), kNeedsTree)}},
            {.kind = Kind::quarantine, .source = 1}}),
    [](const auto& row) { return row.param.name; });

TEST(Judge, TellsLiesFromBadLuck) {
  const auto verdict = [](Code code) { return judge(fail(code), Attempt{}); };
  EXPECT_EQ(verdict(Code::corrupt), Verdict::lied);
  EXPECT_EQ(verdict(Code::peer_fault), Verdict::lied);
  for (const auto code : {Code::unreachable, Code::timed_out, Code::try_later}) {
    EXPECT_EQ(verdict(code), Verdict::retry) << to_string(code);
  }
  for (const auto code : {Code::not_found, Code::denied, Code::bad_input}) {
    EXPECT_EQ(verdict(code), Verdict::leave) << to_string(code);
  }
  for (const auto code : {Code::no_space, Code::io, Code::internal}) {
    EXPECT_EQ(verdict(code), Verdict::local_failure) << to_string(code);
  }
  EXPECT_EQ(judge(Result<>{}, Attempt{}), Verdict::exhausted);
  Attempt without_tree;
  without_tree.needs_tree = true;
  EXPECT_EQ(judge(Result<>{}, without_tree), Verdict::needs_tree);
}

TEST(NoteAttempt, BacksOffTwiceAsLongEachTimeUpToItsLimit) {
  const BackOff back_off{std::chrono::seconds(1), std::chrono::seconds(3)};
  auto source = peer();
  for (const int seconds : {1, 2, 3, 3}) {
    note_attempt(source, Verdict::retry, false, back_off, kNow);
    EXPECT_EQ(source.not_before, kNow + std::chrono::seconds(seconds));
  }
  EXPECT_EQ(source.failures, 4u);
}

TEST(NoteAttempt, ProgressForgivesEarlierFailures) {
  auto source = peer();
  note_attempt(source, Verdict::retry, false, {}, kNow);
  note_attempt(source, Verdict::retry, true, {}, kNow);
  EXPECT_EQ(source.failures, 0u);
  EXPECT_EQ(source.turns, 2u);
}

// Whatever the sources do, some number of turns ends it.
TEST(PlanNext, AlwaysEnds) {
  PlanState state{.sources = {peer(), peer(), origin()}};
  auto now = kNow;
  int turns = 0;
  for (; turns < 1000; ++turns) {
    const auto action = plan_next(state, kLimits, now);
    if (action.kind == Kind::give_up) break;
    if (action.kind == Kind::wait) {
      EXPECT_GT(action.until, now);
      now = action.until;
      continue;
    }
    note_attempt(state.sources[action.source], Verdict::retry, turns % 2 == 0, {}, now);
  }
  EXPECT_LT(turns, 200);
}

#ifdef ARCHY_TEST_HOOKS
TEST(Judge, APlantedBugKeepsLiars) {
  test_hooks::plant("liar_not_dropped");
  EXPECT_NE(judge(fail(Code::corrupt), Attempt{}), Verdict::lied);
  test_hooks::plant("");
}
#endif

}  // namespace
}  // namespace archy::fetch
