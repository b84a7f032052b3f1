#include "wallet/across/plan.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace archy::wallet {
namespace {

using cashu::Amount;

Holding held(std::string mint, std::uint64_t sat) { return {std::move(mint), Amount(sat)}; }
Acceptable taken(std::string mint, bool trusted = true, bool restores = true) {
  return {std::move(mint), trusted, restores};
}
CrossSwap swap_of(const char* from, const char* to) { return {from, to}; }

TEST(PlanPayment, HandsOverWhatIsThereBeforeItSwaps) {
  const Holding holdings[] = {held("a", 500), held("b", 100)};
  const Acceptable accepted[] = {taken("c"), taken("b")};
  EXPECT_EQ(plan_payment(holdings, accepted, Amount(100)), PaymentPlan(Direct{"b"}));
}
TEST(PlanPayment, NeedsNoTrustForWhatIsHeldAlready) {
  const Holding holdings[] = {held("x", 100)};
  const Acceptable accepted[] = {taken("x", false, false)};
  EXPECT_EQ(plan_payment(holdings, accepted, Amount(100)), PaymentPlan(Direct{"x"}));
}
TEST(PlanPayment, SwapsToATrustedMintThatRestoresAndToNoOther) {
  const Holding holdings[] = {held("a", 500)};
  const Acceptable proposed[] = {taken("evil", false), taken("forgetful", true, false)};
  EXPECT_EQ(plan_payment(holdings, proposed, Amount(100)), PaymentPlan(Insufficient{}));
  const Acceptable accepted[] = {taken("evil", false), taken("b")};
  EXPECT_EQ(plan_payment(holdings, accepted, Amount(100)), PaymentPlan(swap_of("a", "b")));
}
TEST(PlanPayment, PrefersHomeAtEitherEnd) {
  Holding holdings[] = {held("a", 500), held("h", 500)};
  const Acceptable accepted[] = {taken("b"), taken("c")};
  holdings[1].is_home = true;
  EXPECT_EQ(plan_payment(holdings, accepted, Amount(100)), PaymentPlan(swap_of("h", "b")));
  holdings[1].is_home = false;
  Acceptable with_home[] = {taken("b"), taken("c")};
  with_home[1].is_home = true;
  EXPECT_EQ(plan_payment(holdings, with_home, Amount(100)), PaymentPlan(swap_of("a", "c")));
  const Acceptable both[] = {taken("a"), taken("h")};
  holdings[1].is_home = true;
  EXPECT_EQ(plan_payment(holdings, both, Amount(100)), PaymentPlan(Direct{"h"}));
}
TEST(PlanPayment, IsInsufficientWhereNothingIsEnough) {
  const Holding holdings[] = {held("a", 60), held("b", 60)};
  const Acceptable accepted[] = {taken("a"), taken("b")};
  EXPECT_EQ(plan_payment(holdings, accepted, Amount(100)), PaymentPlan(Insufficient{}));
  EXPECT_EQ(plan_payment({}, accepted, Amount(1)), PaymentPlan(Insufficient{}));
  EXPECT_EQ(plan_payment(holdings, {}, Amount(1)), PaymentPlan(Insufficient{}));
}

TEST(CostPayment, PutsProvenWaysBeforeUnknownOnesAndHomeBeforeAll) {
  Holding holdings[] = {held("a", 500), held("p", 500), held("h", 500)};
  const Acceptable accepted[] = {taken("b")};
  const FactsOfWay facts = [](const std::string& from, const std::string&) {
    WayFacts out{Amount(5), Amount(5)};
    out.proven = from == "p";
    return out;
  };
  EXPECT_EQ(cost_payment(holdings, accepted, Amount(100), Amount(10), facts).plan,
            PaymentPlan(swap_of("p", "b")));
  holdings[2].is_home = true;
  EXPECT_EQ(cost_payment(holdings, accepted, Amount(100), Amount(10), facts).plan,
            PaymentPlan(swap_of("h", "b")));
}
TEST(CostPayment, TellsWhyEachWayIsNone) {
  Holding holdings[] = {held("poor", 50), held("a", 500), held("away", 500)};
  holdings[2].is_away = true;
  Acceptable accepted[] = {taken("b"), taken("evil", false), taken("forgetful", true, false),
                           taken("small")};
  accepted[3].takes = false;
  const FactsOfWay facts = [](const std::string& from, const std::string& to) {
    WayFacts out{Amount(5), Amount(5)};
    if (from == "a" && to == "b") out.least_fee = Amount(11);
    return out;
  };
  const CostedPlan plan = cost_payment(holdings, accepted, Amount(100), Amount(10), facts);
  EXPECT_EQ(plan.plan, PaymentPlan(Insufficient{}));
  EXPECT_EQ(plan.refusal, Refusal::fee_over_cap) << "it was nearest to success";
  const auto why = [&](const char* from, const char* to) {
    for (const CostedWay& way : plan.ways)
      if (way.from == from && way.to == to) return way.refusal;
    return Refusal::none;
  };
  EXPECT_EQ(why("poor", "b"), Refusal::no_balance);
  EXPECT_EQ(why("a", "b"), Refusal::fee_over_cap);
  EXPECT_EQ(why("a", "evil"), Refusal::untrusted);
  EXPECT_EQ(why("a", "forgetful"), Refusal::no_restore);
  EXPECT_EQ(why("a", "small"), Refusal::outside_limits);
  EXPECT_EQ(why("away", "b"), Refusal::mint_away);
  EXPECT_EQ(plan.ways.size(), 12u);
}
TEST(CostPayment, CountsTheFeeAmongWhatHasToBeThere) {
  const Holding holdings[] = {held("a", 100)};
  const Acceptable accepted[] = {taken("a"), taken("b")};
  const FactsOfWay facts = [](const std::string&, const std::string&) {
    return WayFacts{Amount(1), Amount(1)};
  };
  const auto plan = cost_payment(holdings, accepted, Amount(100), Amount(10), facts);
  EXPECT_EQ(plan.plan, PaymentPlan(Insufficient{}));
  EXPECT_EQ(plan.refusal, Refusal::no_balance);
}

// --- the slow, obvious twin ----------------------------------------------------------------------

// One way as the rules say it, with no sorting: every candidate is held against every other one.
struct Way {
  std::string from, to;
  bool direct, proven;
  int homes;
  std::uint64_t fee;
  std::size_t place;
};
bool beats(const Way& a, const Way& b) {
  if (a.direct != b.direct) return a.direct;
  if (a.homes != b.homes) return a.homes > b.homes;
  if (a.proven != b.proven) return a.proven;
  if (a.fee != b.fee) return a.fee < b.fee;
  return a.place < b.place;
}
PaymentPlan twin(std::span<const Holding> holdings, std::span<const Acceptable> accepted,
                 std::uint64_t amount, std::uint64_t cap, const FactsOfWay& facts_of) {
  std::vector<Way> ways;
  for (const Acceptable& to : accepted)
    for (const Holding& from : holdings) {
      const WayFacts facts = facts_of(from.mint, to.mint);
      const bool direct = from.mint == to.mint;
      if (facts.least_fee.value() > cap) continue;
      if (from.spendable.value() < amount + facts.least_fee.value()) continue;
      if (!direct && !(to.trusted && to.restores)) continue;
      ways.push_back({from.mint, to.mint, direct, facts.proven,
                      (from.is_home ? 1 : 0) + (to.is_home ? 1 : 0), facts.expected_fee.value(),
                      ways.size()});
    }
  for (const Way& one : ways) {
    bool best = true;
    for (const Way& other : ways) best = best && !beats(other, one);
    if (!best) continue;
    if (one.direct) return Direct{one.from};
    return CrossSwap{one.from, one.to};
  }
  return Insufficient{};
}

// All holdings of three mints of 0 to 3 sat, all lists that a payee can have of three mints (one of
// them not ours), every trust, every home, with and without proven and dear ways.
TEST(CostPayment, DoesAsItsTwinForAllSmallHoldings) {
  const std::string names[] = {"a", "b", "c", "d"};
  std::uint64_t cases = 0;
  for (unsigned holding = 0; holding < 64; ++holding)
    for (int home = -1; home < 3; ++home) {
      std::vector<Holding> holdings;
      for (unsigned i = 0; i < 3; ++i) {
        holdings.push_back(held(names[i], holding >> (2 * i) & 3));
        holdings.back().is_home = home == static_cast<int>(i);
      }
      for (unsigned list = 0; list < 16; ++list)
        for (unsigned trust = 0; trust < 16; ++trust) {
          std::vector<Acceptable> accepted;
          for (unsigned i = 4; i-- > 0;)
            if (list >> i & 1) {
              accepted.push_back(taken(names[i], trust >> i & 1, i != 2 || (trust & 1)));
              accepted.back().is_home = home == static_cast<int>(i);
            }
          for (unsigned kind = 0; kind < 4; ++kind) {
            const FactsOfWay facts = [&](const std::string& from, const std::string& to) {
              WayFacts out;
              const unsigned mixed =
                  static_cast<unsigned>(from[0]) * 7 + static_cast<unsigned>(to[0]);
              out.proven = (kind & 1) && mixed % 3 == 0;
              if (kind & 2) out.expected_fee = Amount(mixed % 2);
              out.least_fee = Amount(out.expected_fee.value() * 2);
              return out;
            };
            for (std::uint64_t amount = 1; amount <= 3; ++amount)
              for (const std::uint64_t cap : {0u, 2u}) {
                ++cases;
                ASSERT_EQ(cost_payment(holdings, accepted, Amount(amount), Amount(cap), facts).plan,
                          twin(holdings, accepted, amount, cap, facts))
                    << holding << " " << home << " " << list << " " << trust << " " << kind << " "
                    << amount << " " << cap;
              }
          }
        }
    }
  EXPECT_EQ(cases, 64u * 4 * 16 * 16 * 4 * 3 * 2);
}

}  // namespace
}  // namespace archy::wallet
