#include <gtest/gtest.h>

#include "sim/money/wallet_story.hpp"

namespace archy::sim {
namespace {

// A few points of each deed; `archipelago_sim money` has them all.
struct KillCells : testing::TestWithParam<Deed> {};

// A swap between mints has many more of them.
std::uint64_t stride_of(Deed deed) { return is_cross(deed) ? 4 : 1; }

TEST_P(KillCells, LoseNothing) {
  for (const Loss loss : kLosses) {
    for (std::uint64_t point = 1;; point += 7 * stride_of(GetParam())) {
      const Cell cell{GetParam(), loss, point / 2 % 2 ? Death::killed : Death::power_cut, point};
      const CellResult result = run_cell(cell);
      EXPECT_EQ(result.problem, "")
          << to_string(cell.deed) << ", lost " << to_string(loss) << ", disk call " << point;
      if (!result.died) break;
    }
  }
}
TEST_P(KillCells, LoseNothingWithTheMachine) {
  for (const Loss loss : {Loss::none, Loss::after}) {
    for (std::uint64_t point = 1;; point += 17 * stride_of(GetParam())) {
      const Cell cell{GetParam(), loss, point / 2 % 2 ? Death::killed : Death::power_cut, point,
                      true};
      const CellResult result = run_cell(cell);
      EXPECT_EQ(result.problem, "")
          << to_string(cell.deed) << ", lost " << to_string(loss) << ", disk call " << point;
      if (!result.died) break;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Deeds, KillCells, testing::ValuesIn(kDeeds),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST(MoneyStories, LoseNothing) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Outcome outcome;
    run_money_story(seed, outcome);
    EXPECT_EQ(outcome.violations, 0u) << "seed " << seed << ": " << outcome.message;
  }
}

}  // namespace
}  // namespace archy::sim
