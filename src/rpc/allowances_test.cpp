#include "rpc/allowances.hpp"

#include <gtest/gtest.h>

namespace archy::rpc {
namespace {

TEST(Allowances, WhatIsTakenAndSpentNeverExceedsTheCap) {
  Allowances all;
  const auto first = all.take({.token = 1, .cap_sats = 100, .amount_sats = 60, .most_fee_sats = 5});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->most_fee_sats, 5u);
  // While it is under way the worst of it counts.
  const auto second = all.take({.token = 1, .cap_sats = 100, .amount_sats = 36});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::denied);
  EXPECT_NE(second.error().detail.find("35 sat more"), std::string::npos) << second.error().detail;
  all.settle(*first, 61);
  EXPECT_EQ(all.spent(1), 61u);
  const auto third =
      all.take({.token = 1, .cap_sats = 100, .amount_sats = 36, .most_fee_sats = 20});
  ASSERT_TRUE(third);
  EXPECT_EQ(third->most_fee_sats, 3u) << "no more than there is room for";
  all.settle(*third, 39);
  EXPECT_FALSE(all.take({.token = 1, .cap_sats = 100, .amount_sats = 1}));
  EXPECT_TRUE(all.take({.token = 2, .cap_sats = 100, .amount_sats = 100}));
}

TEST(Allowances, WhatWasNeverBegunCostsNothing) {
  Allowances all;
  const auto taken = all.take({.token = 1, .cap_sats = 10, .amount_sats = 10, .key = "a"});
  ASSERT_TRUE(taken);
  all.settle(*taken, std::nullopt);
  EXPECT_EQ(all.spent(1), 0u);
  EXPECT_TRUE(all.take({.token = 1, .cap_sats = 10, .amount_sats = 10, .key = "a"}));
  EXPECT_EQ(all.spent(1), 10u);
}

TEST(Allowances, ADayHasACapOfItsOwn) {
  Allowances all;
  const auto asked = [&](std::int64_t day, std::uint64_t sats) {
    return all.take({.token = 1,
                     .cap_sats = 100,
                     .day_cap_sats = 30,
                     .day = day,
                     .amount_sats = sats,
                     .most_fee_sats = 5});
  };
  const auto first = asked(7, 28);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->most_fee_sats, 2u) << "no more than there is room for today";
  all.settle(*first, 29);
  const auto more = asked(7, 2);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::denied);
  EXPECT_NE(more.error().detail.find("1 sat more today, of 30 a day"), std::string::npos)
      << more.error().detail;
  for (std::int64_t day = 8; day < 11; ++day) {
    const auto next = asked(day, 20);
    ASSERT_TRUE(next) << day;
    all.settle(*next, 20);
    EXPECT_EQ(all.spent_on(1, day), 20u);
  }
  const auto last = asked(11, 12);
  ASSERT_FALSE(last) << "the cap in all holds, too";
  EXPECT_NE(last.error().detail.find("11 sat more, of its cap of 100"), std::string::npos);
}

TEST(Allowances, TheSameKeyIsCountedOnce) {
  Allowances all;
  const auto once =
      all.take({.token = 1, .cap_sats = 10, .amount_sats = 8, .most_fee_sats = 9, .key = "a"});
  ASSERT_TRUE(once);
  all.settle(*once, 9);
  const auto again =
      all.take({.token = 1, .cap_sats = 10, .amount_sats = 8, .most_fee_sats = 9, .key = "a"});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->most_fee_sats, once->most_fee_sats) << "so that it is the same request";
  all.settle(*again, 9);
  EXPECT_EQ(all.spent(1), 9u);
  EXPECT_FALSE(all.take({.token = 1, .cap_sats = 10, .amount_sats = 8, .key = "b"}));
}

Allowances::Asked asked_with_key(std::uint64_t sats, std::string request) {
  return {.token = 1, .cap_sats = 100, .amount_sats = sats, .key = "a", .request = request};
}

TEST(Allowances, AKeyStandsForOneRequest) {
  Allowances all;
  const auto first = all.take(asked_with_key(90, "90"));
  ASSERT_TRUE(first);
  all.settle(*first, 90);
  const auto other = all.take(asked_with_key(100, "100"));
  ASSERT_FALSE(other) << "as large as one likes, and not counted";
  EXPECT_EQ(other.error().code, Code::denied);
  EXPECT_EQ(all.spent(1), 90u);
}

TEST(Allowances, WhatACallLeftUndecidedStandsForItAlone) {
  Allowances all;
  const auto small = all.take(asked_with_key(1, "1"));
  ASSERT_TRUE(small);
  all.leave(*small);
  EXPECT_FALSE(all.take(asked_with_key(100, "100")));
  EXPECT_EQ(all.spent(1), 1u);
}

TEST(Allowances, ACallThatBeganNothingTakesNothingBackFromAnotherOne) {
  Allowances all;
  const auto paid = all.take(asked_with_key(90, "90"));
  ASSERT_TRUE(paid);
  const auto beside = all.take(asked_with_key(90, "90"));
  ASSERT_TRUE(beside);
  all.settle(*beside, std::nullopt);
  EXPECT_EQ(all.spent(1), 90u) << "the other one is under way";
  all.settle(*paid, 91);
  const auto later = all.take(asked_with_key(90, "90"));
  ASSERT_TRUE(later);
  all.settle(*later, std::nullopt);
  EXPECT_EQ(all.spent(1), 91u) << "it was paid once";
}

TEST(Allowances, ParallelCallsThatBeganNothingCostNothing) {
  Allowances all;
  const auto one = all.take(asked_with_key(90, "90"));
  const auto two = all.take(asked_with_key(90, "90"));
  ASSERT_TRUE(one && two);
  all.settle(*one, std::nullopt);
  all.settle(*two, std::nullopt);
  EXPECT_EQ(all.spent(1), 0u);
}

TEST(Allowances, WhatWasPaidOnTheWayCounts) {
  Allowances all;
  const auto failed = all.take({.token = 1, .cap_sats = 100, .amount_sats = 50, .key = "a"});
  ASSERT_TRUE(failed);
  all.add(*failed, 3);
  all.settle(*failed, std::nullopt);
  EXPECT_EQ(all.spent(1), 3u) << "a swap for it was made all the same";
  const auto paid = all.take({.token = 1, .cap_sats = 100, .amount_sats = 50, .most_fee_sats = 9});
  ASSERT_TRUE(paid);
  all.add(*paid, 4);
  EXPECT_EQ(all.spent(1), 3u + 59) << "it is within the worst while that is not known";
  all.settle(*paid, 51);
  EXPECT_EQ(all.spent(1), 3u + 55);
}

}  // namespace
}  // namespace archy::rpc
