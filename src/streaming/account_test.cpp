#include "streaming/account.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace archy::streaming {
namespace {

Price price(std::uint64_t step, std::uint64_t sat) { return {Metric::bytes, step, Amount(sat), 1}; }

TEST(Accounts, GiveNothingBeyondTheCredit) {
  auto account = *Account::of(price(10, 1), Msat(2000), Msat(500), 3);
  EXPECT_EQ(account.free(), 12u);
  EXPECT_FALSE(account.reserve(13));
  EXPECT_EQ(account.reserved(), 0u);
  EXPECT_TRUE(account.reserve(12));
  EXPECT_FALSE(account.reserve(1));
  account.use(5);
  account.release(7);
  EXPECT_EQ(account.used(), Msat(1300));
  EXPECT_EQ(account.free(), 7u);
}
TEST(Accounts, ThatDoNotAddUpAreNone) {
  EXPECT_EQ(Account::of(price(10, 1), Msat(1), Msat(2), 0).error().code, Code::corrupt);
  EXPECT_EQ(Account::of(price(10, 1), Msat(1000), Msat(1), 10).error().code, Code::corrupt);
  EXPECT_EQ(Account::of(price(10, 1), Msat(wallet::kMostMsat.value() + 1), Msat(0), 0).error().code,
            Code::corrupt);
  EXPECT_FALSE(Account::of(price(0, 1), Msat(1), Msat(0), 0));
}
TEST(Accounts, KeepWhatWasUsedWhenTheTermsChange) {
  auto account = *Account::of(price(10, 1), Msat(2000), Msat(0), 3);
  ASSERT_TRUE(account.reserve(5));
  const std::uint64_t before = account.epoch();
  ASSERT_TRUE(account.set_terms(price(10, 1)));
  EXPECT_EQ(account.epoch(), before) << "the same ones change nothing";
  ASSERT_TRUE(account.set_terms(price(10, 2)));
  EXPECT_NE(account.epoch(), before);
  EXPECT_EQ(account.used(), Msat(300));
  EXPECT_EQ(account.reserved(), 0u);
  EXPECT_EQ(account.free(), 8u);
  EXPECT_FALSE(account.set_terms(price(0, 2)));
  account.set_credit(Msat(1));
  EXPECT_EQ(account.credit(), Msat(2000)) << "credit that shrinks is not believed";
}
// Many takers in any order: what all of them were given is never more than was paid, to the unit.
TEST(Accounts, NeverGiveMoreHoweverTheirTakersInterleave) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    const Price terms = price(1 + random() % 50, 1 + random() % 5);
    std::uint64_t credit = random() % 20'000;
    auto account = *Account::of(terms, Msat(credit), Msat(0), 0);
    std::vector<std::uint64_t> held(1 + random() % 20);
    std::uint64_t delivered = 0;
    for (int step = 0; step < 3400; ++step) {
      std::uint64_t& mine = held[random() % held.size()];
      switch (random() % 4) {
        case 0: {
          const std::uint64_t want = random() % 40;
          if (account.reserve(want)) mine += want;
          break;
        }
        case 1:
          if (mine > 0) {
            const std::uint64_t part = 1 + random() % mine;
            account.use(part);
            mine -= part;
            delivered += part;
          }
          break;
        case 2:
          account.release(mine);
          mine = 0;
          break;
        default:
          if (random() % 64 == 0) account.set_credit(Msat(credit += random() % 2000));
      }
      ASSERT_LE(delivered * terms.per_step.value() * 1000, credit * terms.step_size);
      ASSERT_LE(account.used(), Msat(credit));
    }
  }
}

}  // namespace
}  // namespace archy::streaming
