#include "fetch/verdict.hpp"

#include <gtest/gtest.h>

#include "base/test_hooks.hpp"

namespace archy::fetch {
namespace {

TEST(Judge, TellsLiesFromBadLuck) {
  const auto verdict = [](Code code) { return judge(fail(code)); };
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
  EXPECT_EQ(judge(Result<>{}), Verdict::done);
}

TEST(NothingWorked, NamesWhatTheCallerCanActOn) {
  const auto with = [](std::initializer_list<Code> codes) {
    FetchReport report;
    for (const auto code : codes) {
      SourceReport row;
      row.name = "source";
      row.last_error = Error{code, ""};
      row.lied = code == Code::corrupt;
      report.sources.push_back(std::move(row));
    }
    return nothing_worked(report).code;
  };
  EXPECT_EQ(with({}), Code::not_found);
  EXPECT_EQ(with({Code::not_found, Code::corrupt, Code::timed_out}), Code::corrupt);
  EXPECT_EQ(with({Code::not_found, Code::timed_out, Code::denied}), Code::unreachable);
  EXPECT_EQ(with({Code::not_found, Code::denied}), Code::denied);
  EXPECT_EQ(with({Code::bad_input}), Code::bad_input);
}

#ifdef ARCHY_TEST_HOOKS
TEST(Judge, APlantedBugKeepsLiars) {
  test_hooks::plant("liar_not_dropped");
  EXPECT_NE(judge(fail(Code::corrupt)), Verdict::lied);
  test_hooks::plant("");
}
#endif

}  // namespace
}  // namespace archy::fetch
