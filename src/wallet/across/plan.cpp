#include "wallet/across/plan.hpp"

#include <algorithm>
#include <tuple>

namespace archy::wallet {
namespace {

using cashu::Amount;

struct Candidate {
  CostedWay way;
  int homes = 0;
  std::size_t place = 0;  // by the payee's list, then ours
  // Smaller is better: rule 1 (Direct before all), then rule 3.
  auto rank() const {
    return std::tuple(way.refusal != Refusal::none, !way.is_direct(), -homes, !way.facts.proven,
                      way.facts.expected_fee.value(), ~way.facts.score, place);
  }
};

bool covers(Amount spendable, Amount amount, Amount fee) {
  const auto needed = amount.plus(fee);
  return needed && *needed <= spendable;
}

Refusal refusal_of(const Holding& from, const Acceptable& to, const WayFacts& facts, Amount amount,
                   Amount most_fee) {
  const bool direct = from.mint == to.mint;
  if (from.spendable < amount) return Refusal::no_balance;
  if (!direct) {
    if (!to.trusted) return Refusal::untrusted;
    if (!to.restores) return Refusal::no_restore;
    if (!to.takes || !from.pays) return Refusal::outside_limits;
    if (facts.left_alone) return Refusal::left_alone;
    if (to.is_away || from.is_away) return Refusal::mint_away;
  }
  if (!covers(from.spendable, amount, facts.least_fee)) return Refusal::no_balance;
  return facts.least_fee > most_fee ? Refusal::fee_over_cap : Refusal::none;
}

PaymentPlan plan_of(const CostedWay& way) {
  if (way.is_direct()) return Direct{way.from};
  return CrossSwap{way.from, way.to};
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  constexpr std::string_view kNames[] = {
      "none",       "no_mint",   "no_balance",   "untrusted",   "no_restore",    "outside_limits",
      "left_alone", "mint_away", "fee_over_cap", "swap_failed", "swap_under_way"};
  return kNames[static_cast<std::size_t>(refusal)];
}

CostedPlan cost_payment(std::span<const Holding> holdings, std::span<const Acceptable> accepted,
                        Amount amount, Amount most_fee, const FactsOfWay& facts_of) {
  std::vector<Candidate> all;
  for (const Acceptable& to : accepted)
    for (const Holding& from : holdings) {
      Candidate one{{from.mint, to.mint, facts_of(from.mint, to.mint)}};
      one.homes = static_cast<int>(from.is_home) + static_cast<int>(to.is_home);
      one.place = all.size();
      one.way.refusal = refusal_of(from, to, one.way.facts, amount, most_fee);
      all.push_back(std::move(one));
    }
  std::ranges::sort(all, {}, &Candidate::rank);
  CostedPlan out{Insufficient{}, {}, accepted.empty() ? Refusal::no_mint : Refusal::no_balance};
  if (!all.empty() && all.front().way.refusal == Refusal::none) {
    out.plan = plan_of(all.front().way);
    out.refusal = Refusal::none;
  } else {
    for (const Candidate& one : all) out.refusal = std::max(out.refusal, one.way.refusal);
  }
  for (Candidate& one : all) out.ways.push_back(std::move(one.way));
  return out;
}

PaymentPlan plan_payment(std::span<const Holding> holdings, std::span<const Acceptable> accepted,
                         Amount amount) {
  return cost_payment(holdings, accepted, amount, Amount(UINT64_MAX),
                      [](const std::string&, const std::string&) { return WayFacts{}; })
      .plan;
}

}  // namespace archy::wallet
