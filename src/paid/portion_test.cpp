#include "paid/portion.hpp"

#include <gtest/gtest.h>

#include "bao/tree.hpp"

namespace archy::paid {
namespace {

using cashu::Amount;
using streaming::PaymentPolicy;

constexpr std::uint64_t kMiB = 1u << 20;

Terms terms(std::uint64_t step, std::uint64_t sats, std::uint64_t least = 1) {
  PaymentRequired required{.price_sats = 1000, .accepted_mints = {}};
  required.terms =
      streaming::Price{.step_size = step, .per_step = Amount(sats), .min_steps = least};
  return terms_of(required).value();
}
PaymentPolicy budget(std::uint64_t sats) {
  return PaymentPolicy::of(Amount(sats), Amount(1), {}, {}, {});
}
std::uint64_t bytes_of(const std::optional<Portion>& portion) {
  return portion ? portion->bytes : 0;
}

TEST(Portion, IsTenMegabytesOrAHundredthOfTheCap) {
  EXPECT_EQ(next_portion(terms(kMiB, 1), budget(10000), {}, 0)->bytes, 10 * kMiB);
  EXPECT_EQ(next_portion(terms(kMiB, 1), budget(10000), {}, 0)->sats, 10u);
  EXPECT_EQ(next_portion(terms(kMiB, 1), budget(300), {}, 0)->sats, 3u);
  EXPECT_EQ(next_portion(terms(kMiB, 7), budget(300), {}, 0)->sats, 7u) << "the smallest there is";
  EXPECT_EQ(next_portion(terms(kMiB, 7, 4), budget(300), {}, 0)->sats, 28u);
  EXPECT_EQ(next_portion(terms(64 * kMiB, 7), budget(1000000), {}, 0)->bytes, 64 * kMiB);
}
TEST(Portion, IsNoMoreThanWhatIsMissing) {
  EXPECT_EQ(next_portion(terms(kMiB, 1), budget(10000), 100, 0)->bytes, kMiB);
  EXPECT_EQ(next_portion(terms(kMiB, 1), budget(10000), kMiB + 1, 0)->bytes, 2 * kMiB);
  EXPECT_EQ(next_portion(terms(kMiB, 1, 4), budget(10000), 100, 0)->bytes, 4 * kMiB);
  EXPECT_FALSE(next_portion(terms(kMiB, 1), budget(10000), 0, 0));
}
TEST(Portion, IsBoughtWhenLessThanHalfIsLeftAndNeverMoreThanOneIsAhead) {
  const Terms by = terms(kMiB, 1);
  EXPECT_FALSE(next_portion(by, budget(10000), {}, 5 * kMiB));
  EXPECT_EQ(bytes_of(next_portion(by, budget(10000), {}, 5 * kMiB - 1)), 5 * kMiB);
  EXPECT_FALSE(next_portion(terms(kMiB, 1, 10), budget(10000), {}, kMiB));
  EXPECT_EQ(bytes_of(next_portion(terms(kMiB, 1, 10), budget(10000), {}, 0)), 10 * kMiB);
  for (std::uint64_t least : {1u, 3u, 10u, 20u})
    for (std::uint64_t cap : {50u, 500u, 100000u}) {
      const Terms all = terms(kMiB / 3, 1, least);
      const std::uint64_t whole = bytes_of(next_portion(all, budget(cap), {}, 0));
      for (std::uint64_t ahead = 0; ahead <= whole; ahead += 7000)
        EXPECT_LT(ahead + bytes_of(next_portion(all, budget(cap), {}, ahead)),
                  whole + bao::kGroupBytes + 1);
    }
}
TEST(Portion, OfTheMinimalFormIsAllOrNothing) {
  const Terms all = terms_of({.price_sats = 21, .accepted_mints = {}}).value();
  EXPECT_EQ(next_portion(all, budget(100), 5, 0)->sats, 21u);
  EXPECT_FALSE(next_portion(all, budget(100), 5, 1));
  EXPECT_EQ(price_of(all, 1), 21u);
}
TEST(Portion, TermsThatAreNoneAreRefused) {
  EXPECT_FALSE(terms_of({.price_sats = 0, .accepted_mints = {}}));
  PaymentRequired required{.price_sats = 1, .accepted_mints = {}};
  required.terms = streaming::Price{.per_step = Amount(0)};
  EXPECT_FALSE(terms_of(required));
  required.terms = streaming::Price{.per_step = Amount(2), .min_steps = UINT64_MAX};
  EXPECT_FALSE(terms_of(required));
  required.terms = streaming::Price{.step_size = UINT64_MAX, .per_step = Amount(1), .min_steps = 2};
  EXPECT_FALSE(terms_of(required));
  required.terms = streaming::Price{.step_size = UINT64_MAX, .per_step = Amount(1)};
  ASSERT_TRUE(terms_of(required));
  EXPECT_EQ(price_of(*terms_of(required), UINT64_MAX), 1u);
  EXPECT_EQ(price_of(terms(1, 2100000000), UINT64_MAX), UINT64_MAX);
}
TEST(Portion, APriceIsDearerInWhateverItIsMore) {
  const Terms first = terms(kMiB, 4, 2);
  EXPECT_FALSE(dearer(first, first));
  EXPECT_FALSE(dearer(first, terms(2 * kMiB, 8, 1)));
  EXPECT_TRUE(dearer(first, terms(kMiB, 5)));
  EXPECT_TRUE(dearer(first, terms(kMiB / 2, 3, 1)));
  EXPECT_TRUE(dearer(first, terms(kMiB, 4, 3)));
  EXPECT_TRUE(dearer(first, terms_of({.price_sats = 1, .accepted_mints = {}}).value()));
}

}  // namespace
}  // namespace archy::paid
