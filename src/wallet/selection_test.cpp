#include "wallet/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace archy::wallet {
namespace {

using cashu::Amount;

cashu::KeysetId keyset(char last) {
  return cashu::KeysetId::parse(std::string("00ad268c4d1f582") + last).value();
}
Purse purse(char last, std::uint64_t ppk, const std::map<std::uint64_t, std::uint64_t>& holdings,
            bool active = true) {
  Purse out{keyset(last), ppk, active, {}};
  for (const auto& [amount, count] : holdings) out.holdings.emplace(Amount(amount), count);
  return out;
}
std::uint64_t sum_of(const Selection& selection) {
  std::uint64_t sum = 0;
  for (const Pick& pick : selection.picks) sum += pick.amount.value() * pick.count;
  return sum;
}

TEST(Selection, TakesTheExactProofsWhereThereAreSome) {
  const Purse purses[] = {purse('0', 0, {{1, 2}, {4, 1}, {8, 1}, {64, 1}})};
  const auto found = select(purses, Amount(13), InputFee::none);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sum, Amount(13));
  EXPECT_EQ(sum_of(*found), 13u);
}

TEST(Selection, ElseTheLeastThatCovers) {
  const Purse purses[] = {purse('0', 0, {{2, 1}, {8, 1}, {64, 1}, {16, 1}})};
  EXPECT_EQ(select(purses, Amount(9), InputFee::none)->sum, Amount(10));
  EXPECT_EQ(select(purses, Amount(11), InputFee::none)->sum, Amount(16));
  EXPECT_EQ(select(purses, Amount(27), InputFee::none)->sum, Amount(64));
}

TEST(Selection, CoversTheFeeOfItsOwnInputs) {
  const Purse purses[] = {purse('0', 500, {{1, 10}, {8, 1}})};  // half a sat a proof
  const auto found = select(purses, Amount(8), InputFee::paid_by_us);
  ASSERT_TRUE(found);
  EXPECT_GE(found->sum.value(), 8 + found->fee.value());
  EXPECT_EQ(found->picks,
            (std::vector<Pick>{{keyset('0'), Amount(8), 1}, {keyset('0'), Amount(1), 1}}));
}

TEST(Selection, SpendsRetiredEcashFirst) {
  const Purse purses[] = {purse('0', 0, {{8, 1}}), purse('1', 0, {{8, 1}}, false)};
  EXPECT_EQ(select(purses, Amount(8), InputFee::paid_by_us)->picks.at(0).keyset, keyset('1'));
}

TEST(Selection, SaysWhenThereIsNotEnough) {
  const Purse purses[] = {purse('0', 100, {{8, 1}})};
  EXPECT_EQ(select(purses, Amount(8), InputFee::none)->sum, Amount(8));
  const auto refused = select(purses, Amount(8), InputFee::paid_by_us);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::payment_needed);
  EXPECT_FALSE(select({}, Amount(1), InputFee::none));
  const Purse worthless[] = {purse('0', 1000, {{1, 100}})};
  EXPECT_FALSE(select(worthless, Amount(1), InputFee::paid_by_us)) << "each only pays for itself";
}

TEST(Selection, NoNumberWrapsAround) {
  const Purse purses[] = {purse('0', 0, {{std::uint64_t{1} << 63, 2}})};
  EXPECT_FALSE(select_all(purses));
  EXPECT_TRUE(select(purses, Amount(5), InputFee::none));
}

// Against a twin that tries every set of proofs.
TEST(Selection, AgreesWithEverySetOfProofs) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 3000; ++round) {
    std::vector<Purse> purses;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> proofs;  // amount, ppk
    for (const char name : {'0', '1'}) {
      const std::uint64_t ppk = random() % 3 * 200;
      std::map<std::uint64_t, std::uint64_t> holdings;
      for (int i = 0; i < 5; ++i) {
        const std::uint64_t amount = std::uint64_t{1} << random() % 6;
        ++holdings[amount];
        proofs.emplace_back(amount, ppk);
      }
      purses.push_back(purse(name, ppk, holdings));
    }
    const std::uint64_t wanted = 1 + random() % 120;
    std::optional<std::uint64_t> least, least_with_fee;
    for (std::size_t set = 1; set < std::size_t{1} << proofs.size(); ++set) {
      std::uint64_t sum = 0, ppk = 0;
      for (std::size_t i = 0; i < proofs.size(); ++i)
        if (set >> i & 1) sum += proofs[i].first, ppk += proofs[i].second;
      if (sum >= wanted) least = std::min(least.value_or(sum), sum);
      if (sum >= wanted + (ppk + 999) / 1000)
        least_with_fee = std::min(least_with_fee.value_or(sum), sum);
    }
    const auto plain = select(purses, Amount(wanted), InputFee::none);
    ASSERT_EQ(plain.has_value(), least.has_value());
    if (plain) ASSERT_EQ(plain->sum.value(), *least) << "the least sum there is";
    const auto paid = select(purses, Amount(wanted), InputFee::paid_by_us);
    ASSERT_EQ(paid.has_value(), least_with_fee.has_value()) << round << " wanted " << wanted;
    if (paid) ASSERT_GE(paid->sum.value(), wanted + paid->fee.value());
    for (const auto& found : {plain, paid})
      if (found) ASSERT_EQ(found->sum.value(), sum_of(*found));
  }
}

TEST(Selection, TakesTheLargestWhereTheClosestAreTooMany) {
  const Purse mixed[] = {purse('0', 0, {{1, 600}, {1024, 1}})};
  const auto found = select(mixed, Amount(600), InputFee::paid_by_us);
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->sum, Amount(1024));
  EXPECT_EQ(select(mixed, Amount(500), InputFee::paid_by_us)->sum, Amount(500));
  EXPECT_FALSE(is_in_small_coin(mixed, Amount(1500)));
}

TEST(Selection, RefusesMoreProofsThanMintsTake) {
  const Purse small[] = {purse('0', 0, {{1, 600}, {4, 1}})};
  const auto refused = select(small, Amount(505), InputFee::paid_by_us);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::payment_needed);
  EXPECT_NE(refused.error().detail.find("swapped together"), std::string::npos);
  EXPECT_TRUE(is_in_small_coin(small, Amount(505)));
  EXPECT_FALSE(is_in_small_coin(small, Amount(503)));
  EXPECT_FALSE(is_in_small_coin(small, Amount(605))) << "there is not that much";
  EXPECT_EQ(select_smallest(small)->sum, Amount(500));
}

}  // namespace
}  // namespace archy::wallet
