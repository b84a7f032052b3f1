#include "rt/posix/ordered_worker.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace archy::rt {
namespace {

TEST(OrderedWorker, JobsRunInTheOrderGiven) {
  std::vector<int> seen;
  {
    OrderedWorker worker(3);
    for (int i = 0; i < 1000; ++i) worker.submit([&seen, i] { seen.push_back(i); });
  }
  ASSERT_EQ(seen.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(OrderedWorker, WaitForSeesWhatTheJobsDid) {
  int sum = 0;
  OrderedWorker worker(2);
  for (int i = 1; i <= 100; ++i) {
    worker.submit([&sum, i] { sum += i; });
    worker.wait_for(worker.submitted());
    EXPECT_EQ(sum, i * (i + 1) / 2);
  }
}

}  // namespace
}  // namespace archy::rt
