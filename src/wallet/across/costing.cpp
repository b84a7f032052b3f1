#include "wallet/across/costing.hpp"

#include <algorithm>

#include "wallet/across/cross_checks.hpp"
#include "wallet/ledger/mint_url.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// What mints reserve where nothing is known: cdk-mintd 2 % and nutshell 1 %, at least 2 sat.
constexpr std::uint64_t kGuessedPpm = 20'000;
constexpr std::uint64_t kLeastGuess = 2;
constexpr std::uint64_t kMillion = 1'000'000;

Amount plus(Amount a, Amount b) { return a.plus(b).value_or(Amount(UINT64_MAX)); }

Amount part_of(Amount amount, std::uint64_t ppm) {
  return Amount(amount.value() / kMillion * ppm + amount.value() % kMillion * ppm / kMillion);
}

// The mint as the wallet knows it; null: it does not.
KnownMint* known(Mints& mints, const std::string& url) {
  auto found = mints.at(url);
  return found ? *found : nullptr;
}

// What ways are costed with.
struct Desk {
  Books& books;
  Mints& mints;
  const PaymentTerms& terms;
};

// Nothing of it can be spent on this: dearer than all there is.
WayFacts beyond_reach() { return {Amount(UINT64_MAX), Amount(UINT64_MAX)}; }

Result<WayFacts> facts_of_direct(const Desk& desk, const KnownMint& mint) {
  const Amount give = to_hand_over(mint, desk.terms.amount);
  const Amount for_payee = give.minus(desk.terms.amount).value_or(Amount(0));
  TRY(purses, purses_of(desk.books, mint));
  std::vector<Purse> active = purses;
  std::erase_if(active, [](const Purse& purse) { return !purse.active; });
  const auto exact = select(active, give, InputFee::none);
  if (exact && exact->sum == give) return WayFacts{for_payee, for_payee};
  const auto split = select(purses, give, InputFee::paid_by_us);
  if (!split) return beyond_reach();
  const Amount fee = plus(for_payee, split->fee);
  return WayFacts{fee, fee};
}

Result<WayFacts> facts_of_swap(const Desk& desk, const KnownMint& from, const KnownMint& to) {
  const std::int64_t now_ms = desk.books.now_ms();
  const Amount give = to_hand_over(to, desk.terms.amount);
  const Amount for_payee = give.minus(desk.terms.amount).value_or(Amount(0));
  TRY(purses, purses_of(desk.books, from));
  const auto inputs = select(purses, give, InputFee::paid_by_us);
  if (!inputs) return beyond_reach();
  TRY(route, desk.books.routes.find({from.id(), to.id(), bucket_of(give)}));
  WayFacts out;
  out.least_fee = plus(for_payee, inputs->fee);
  const Amount guess = route.usual_fee_ppm > 0
                           ? part_of(give, std::min(route.usual_fee_ppm, kMillion))
                           : Amount(std::max(kLeastGuess, part_of(give, kGuessedPpm).value()));
  out.expected_fee = plus(out.least_fee, guess);
  out.score = target_liquidity_score(route, now_ms);
  out.proven = is_proven(route, now_ms);
  out.left_alone = is_left_alone(route, now_ms);
  return out;
}

Result<std::vector<Holding>> holdings_of(const Desk& desk) {
  TRY(rows, desk.books.mints.list());
  std::vector<Holding> out;
  for (const MintRow& row : rows) {
    TRY(spendable, desk.books.proofs.balance(row.id, kUnit, ProofState::spendable));
    if (spendable == Amount(0)) continue;
    TRY(mint, desk.mints.at(row.id));
    const bool away = mint->client().breaker_state().left_alone > rt::Duration::zero();
    out.push_back(
        {row.url, spendable, row.home, away, check_source(*mint, desk.terms.amount).has_value()});
  }
  return out;
}

// Each once. What is no mint's URL is none that he takes.
Result<std::vector<Acceptable>> accepted_of(const Desk& desk) {
  std::vector<Acceptable> out;
  for (const std::string& text : desk.terms.accepted_mints) {
    const auto url = normal_mint_url(text);
    if (!url) continue;
    if (std::ranges::find(out, *url, &Acceptable::mint) != out.end()) continue;
    Acceptable one{*url};
    TRY(row, desk.books.mints.find(*url));
    KnownMint* const mint = row ? known(desk.mints, *url) : nullptr;
    if (row) one.trusted = row->trusted;
    if (row) one.is_home = row->home;
    if (mint != nullptr) {
      one.restores = mint->info().restore && mint->info().signed_quotes;
      one.is_away = mint->client().breaker_state().left_alone > rt::Duration::zero();
      one.takes =
          check_target(desk.books, *mint, to_hand_over(*mint, desk.terms.amount)).has_value();
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Amount to_hand_over(const KnownMint& mint, Amount amount) {
  const auto keyset = mint.for_outputs();
  if (!keyset) return amount;
  return with_receivers_fee(**keyset, amount).value_or(amount);
}

Result<CostedPlan> cost_from_books(Books& books, Mints& mints, const PaymentTerms& terms) {
  const Desk desk{books, mints, terms};
  TRY(holdings, holdings_of(desk));
  TRY(accepted, accepted_of(desk));
  std::optional<Error> first;
  const FactsOfWay facts_of = [&](const std::string& from, const std::string& to) {
    KnownMint* const source = known(mints, from);
    KnownMint* const target = known(mints, to);
    if (source == nullptr || target == nullptr) return WayFacts{};
    auto facts =
        source == target ? facts_of_direct(desk, *source) : facts_of_swap(desk, *source, *target);
    if (!facts && !first) first = facts.error();
    return facts.value_or(beyond_reach());
  };
  CostedPlan out = cost_payment(holdings, accepted, terms.amount, terms.most_fee, facts_of);
  if (first) return fail(*first);
  return out;
}

}  // namespace archy::wallet
