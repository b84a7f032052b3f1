#include "sim/scenario.hpp"

#include <gtest/gtest.h>

#include "sim/fork_pool.hpp"

namespace archy::sim {
namespace {

TEST(Scenario, SomeSeedsPassAndRunTwiceGiveTheSameLog) {
  constexpr std::uint64_t kSeeds = 6;
  std::uint64_t hashes[kSeeds * 2] = {};
  run_forked(
      kSeeds * 2, {},
      [](std::uint64_t i, Outcome& outcome) { run_scenario(i / 2 + 1, outcome, {}); },
      [&](std::uint64_t i, const Outcome& outcome) {
        EXPECT_EQ(outcome.violations, 0u) << "seed " << i / 2 + 1 << ": " << outcome.message;
        EXPECT_GT(outcome.events, 100u);
        hashes[i] = outcome.log_hash;
        return true;
      });
  for (std::uint64_t i = 0; i < kSeeds; ++i)
    EXPECT_EQ(hashes[2 * i], hashes[2 * i + 1]) << "seed " << i + 1;
  EXPECT_NE(hashes[0], hashes[2]);
}

}  // namespace
}  // namespace archy::sim
