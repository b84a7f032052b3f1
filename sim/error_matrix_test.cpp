#include "sim/error_matrix.hpp"

#include <gtest/gtest.h>

namespace archy::sim {
namespace {

TEST(ErrorMatrix, WhateverCallFailsOnceWhatIsAcknowledgedSurvivesThePowerCut) {
  std::uint64_t cells = 0;
  for (std::uint64_t kind = 0; kind < static_cast<std::uint64_t>(DiskCall::kCount); ++kind) {
    for (std::uint64_t nth = 1;; ++nth) {
      Outcome first, second;
      if (!run_error_cell({.kind = static_cast<DiskCall>(kind), .nth = nth, .seed = 1}, first))
        break;
      (void)run_error_cell({.kind = static_cast<DiskCall>(kind), .nth = nth, .seed = 2}, second);
      EXPECT_EQ(first.violations, 0u) << first.message;
      EXPECT_EQ(second.violations, 0u) << second.message;
      ++cells;
    }
  }
  EXPECT_GT(cells, 80u);
}

}  // namespace
}  // namespace archy::sim
