#include "wallet/ledger/route.hpp"

#include <gtest/gtest.h>

namespace archy::wallet {
namespace {

using cashu::Amount;

constexpr std::int64_t kHourMs = 3'600'000;

TEST(Route, IsUnknownBeforeItWasGone) {
  EXPECT_EQ(target_liquidity_score({}, 0), 500u);
  EXPECT_FALSE(is_proven({}, 0));
  EXPECT_FALSE(is_left_alone({}, 0));
}
TEST(Route, IsProvenByASwapAndForgottenInADay) {
  Route route;
  note_arrival(route, Amount(1000), Amount(12), 3000, 0);
  EXPECT_TRUE(is_proven(route, 0));
  EXPECT_EQ(target_liquidity_score(route, 0), 666u);
  EXPECT_EQ(route.usual_fee_ppm, 12'000u);
  EXPECT_EQ(route.usual_ms, 3000);
  EXPECT_TRUE(is_proven(route, 11 * kHourMs));
  EXPECT_FALSE(is_proven(route, 24 * kHourMs));
  EXPECT_LT(target_liquidity_score(route, 24 * kHourMs), 520u);
}
TEST(Route, IsLeftAloneForLongerWithEachFailure) {
  Route route;
  note_failure(route, Amount(100), "no way", 0);
  EXPECT_TRUE(is_left_alone(route, 29'999));
  EXPECT_FALSE(is_left_alone(route, 30'000));
  note_failure(route, Amount(100), "no way", 30'000);
  EXPECT_TRUE(is_left_alone(route, 89'999));
  for (int i = 0; i < 40; ++i) note_failure(route, Amount(100), "no way", 90'000);
  EXPECT_TRUE(is_left_alone(route, 90'000 + kHourMs - 1));
  EXPECT_FALSE(is_left_alone(route, 90'000 + kHourMs));
  note_arrival(route, Amount(100), Amount(1), 1000, 90'000);
  EXPECT_FALSE(is_left_alone(route, 90'000)) << "it works again";
}
TEST(Route, RemembersWhichSumsWentThrough) {
  Route route;
  note_arrival(route, Amount(600), Amount(1), 1000, 0);
  note_failure(route, Amount(900), "too much", 0);
  note_failure(route, Amount(1000), "too much", 0);
  EXPECT_EQ(route.most_done, Amount(600));
  EXPECT_EQ(route.least_failed, Amount(900));
  EXPECT_EQ(aged(route, 7 * kHourMs).least_failed, std::nullopt);
  note_arrival(route, Amount(950), Amount(1), 1000, 0);
  EXPECT_EQ(route.least_failed, std::nullopt);
}
TEST(Route, IsNotProvenByAMintThatTakesMoreThanItSaid) {
  Route route;
  note_arrival(route, Amount(100), Amount(50), 1000, 0);
  note_overcharge(route, "took 50", 0);
  EXPECT_FALSE(is_proven(route, 0));
  EXPECT_LT(target_liquidity_score(route, 0), 500u);
}
TEST(Route, HasOneMemoryForSumsOfOneSize) {
  EXPECT_EQ(bucket_of(Amount(512)), bucket_of(Amount(1023)));
  EXPECT_NE(bucket_of(Amount(1023)), bucket_of(Amount(1024)));
}
TEST(Route, IsTheSameWhateverTheClockDoes) {
  Route route;
  note_arrival(route, Amount(UINT64_MAX), Amount(UINT64_MAX), INT64_MAX, kHourMs);
  note_failure(route, Amount(0), "back in time", -kHourMs);
  EXPECT_GE(route.changed_ms, kHourMs);
  EXPECT_LE(target_liquidity_score(route, INT64_MAX), 1000u);
}

}  // namespace
}  // namespace archy::wallet
