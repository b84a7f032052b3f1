#include "streaming/price.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "streaming/service.hpp"

namespace archy::streaming {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

Price price(std::uint64_t step, std::uint64_t sat, std::uint64_t min = 1) {
  return {Metric::bytes, step, Amount(sat), min};
}

TEST(Prices, OfWholeStepsAndNeverLessThanTheSmallestPurchase) {
  struct Row {
    Price price;
    std::uint64_t units, sat;
  };
  for (const Row& row :
       {Row{price(10, 3), 0, 3}, Row{price(10, 3), 1, 3}, Row{price(10, 3), 10, 3},
        Row{price(10, 3), 11, 6}, Row{price(10, 3, 4), 11, 12}, Row{price(10, 0), kMost, 0},
        Row{price(1, 1), 2'100'000'000'000'000, 2'100'000'000'000'000},
        Row{price(kMost / 2, 1), kMost, 3}}) {
    const auto cost = purchase_of(row.price, row.units);
    ASSERT_TRUE(cost) << cost.error().detail;
    EXPECT_EQ(cost->value(), row.sat) << row.units;
  }
  EXPECT_EQ(purchase_of(price(1, 1), 2'100'000'000'000'001).error().code, Code::bad_input);
  EXPECT_EQ(purchase_of(price(1, 2'000'000'000'000'000), kMost).error().code, Code::bad_input);
}
TEST(Prices, ThatNoAccountCouldHoldAreRefused) {
  EXPECT_TRUE(check(Price{}));
  EXPECT_TRUE(check(price(1, cashu::kAllThereIs.value())));
  for (const Price& wrong : {price(0, 1), price(1, 1, 0), price(1, cashu::kAllThereIs.value() + 1),
                             price(1, kMost), price(1, cashu::kAllThereIs.value(), 2),
                             price(kMost, 1), price(1u << 20, 1, kMost), price(1, 2, kMost)}) {
    EXPECT_EQ(check(wrong).error().code, Code::bad_input);
    EXPECT_FALSE(purchase_of(wrong, 1));
    EXPECT_FALSE(cost_of(wrong, 1));
    EXPECT_EQ(units_for(wrong, wallet::kMostMsat), 0u);
  }
}
TEST(Prices, WhatIsDeliveredIsRoundedUpOnce) {
  EXPECT_EQ(*cost_of(price(3, 1), 0), Msat(0));
  EXPECT_EQ(*cost_of(price(3, 1), 1), Msat(334));
  EXPECT_EQ(*cost_of(price(3, 1), 2), Msat(667));
  EXPECT_EQ(*cost_of(price(3, 1), 3), Msat(1000));
  EXPECT_EQ(*cost_of(price(1, cashu::kAllThereIs.value()), 1), wallet::kMostMsat);
  EXPECT_EQ(cost_of(price(1, cashu::kAllThereIs.value()), 2).error().code, Code::bad_input);
  EXPECT_EQ(cost_of(price(1, 1), kMost).error().code, Code::bad_input);
  EXPECT_EQ(*cost_of(price(5, 0), kMost), Msat(0));
  EXPECT_EQ(units_for(price(5, 0), Msat(0)), kMost);
  EXPECT_EQ(units_for(price(kMost / 2, 1), wallet::kMostMsat), kMost);
  EXPECT_EQ(units_for(price(1, 1), Msat(kMost)), wallet::kMostMsat.value() / 1000);
}
// The slow, obvious twins: a step's price taken apart into equal thousandths, one unit after the
// other.
TEST(Prices, AsCountedUnitByUnit) {
  for (std::uint64_t step = 1; step <= 7; ++step)
    for (std::uint64_t sat = 1; sat <= 4; ++sat)
      for (std::uint64_t credit = 0; credit <= 9000; credit += 37) {
        const Price terms = price(step, sat);
        std::uint64_t units = 0;
        // cost(u) <= credit, as u * sat * 1000 <= credit * step: no division that rounds.
        while ((units + 1) * sat * 1000 <= credit * step) ++units;
        ASSERT_EQ(units_for(terms, Msat(credit)), units);
        std::uint64_t cost = 0;
        while (cost * step < units * sat * 1000) ++cost;
        ASSERT_EQ(*cost_of(terms, units), Msat(cost));
        ASSERT_LE(cost, credit);
        ASSERT_GT(*cost_of(terms, units + 1), Msat(credit));
        std::uint64_t steps = 0;
        while (steps * step < units) ++steps;
        ASSERT_EQ(purchase_of(terms, units)->value(), std::max<std::uint64_t>(steps, 1) * sat);
      }
}
TEST(Names, ComeBackAsTheyWereWritten) {
  for (const ServiceId id : kServices) EXPECT_EQ(*parse_service(to_string(id)), id);
  for (const Metric metric : {Metric::bytes, Metric::milliseconds, Metric::requests})
    EXPECT_EQ(*parse_metric(to_string(metric)), metric);
  EXPECT_EQ(parse_service("Film").error().code, Code::not_found);
  EXPECT_EQ(parse_metric("").error().code, Code::bad_input);
}

}  // namespace
}  // namespace archy::streaming
