#include "sim/power.hpp"

#include <gtest/gtest.h>

namespace archy::sim {
namespace {

TEST(PowerLoss, TheWorkloadIsRecordedAndKeepsItsPromises) {
  PowerLoss power(1);
  ASSERT_EQ(power.failure(), "");
  EXPECT_GT(power.operations(), 100u);
  EXPECT_GT(power.syncs(), 30u);
  EXPECT_GT(power.promises(), 10u);
  for (std::uint64_t n = 0; n < 60; ++n) {
    Outcome outcome;
    power.judge(n, outcome);
    EXPECT_EQ(outcome.violations, 0u) << "image " << n << ": " << outcome.message;
  }
}

}  // namespace
}  // namespace archy::sim
