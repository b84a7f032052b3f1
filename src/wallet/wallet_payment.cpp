// Paying somebody who takes ecash of certain mints: planned, swapped where it must be, handed over.
#include <algorithm>

#include "wallet/ledger/mint_url.hpp"
#include "wallet/wallet.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// Ways that are tried for one payment; each is a quote or two at most where it fails.
constexpr std::size_t kMostWays = 3;

std::string swap_name(const std::string& key, std::size_t number) {
  return key + " by " + std::to_string(number);
}

NoPayment none(Refusal reason, std::string why) { return {reason, std::move(why)}; }

// What an error of a way means before anything was sent on it.
Refusal reason_of(Code code) {
  switch (code) {
    case Code::denied:
      return Refusal::fee_over_cap;
    case Code::payment_needed:
      return Refusal::no_balance;
    case Code::unsupported:
      return Refusal::outside_limits;
    case Code::unreachable:
    case Code::timed_out:
    case Code::try_later:
      return Refusal::mint_away;
    default:
      return Refusal::swap_failed;
  }
}

bool is_ours(Code code) {
  return code == Code::cancelled || code == Code::io || code == Code::no_space ||
         code == Code::corrupt || code == Code::internal || code == Code::locked;
}

// What a smaller sum might not meet.
bool is_of_the_sum(Refusal refusal) {
  return refusal == Refusal::fee_over_cap || refusal == Refusal::no_balance ||
         refusal == Refusal::outside_limits;
}

std::string_view words_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_mint:
      return "the payee names no mint";
    case Refusal::no_balance:
      return "not enough ecash at one mint";
    case Refusal::untrusted:
      return "the payee takes only ecash of mints that are not trusted here";
    case Refusal::no_restore:
      return "the payee's mints cannot restore ecash";
    case Refusal::outside_limits:
      return "a mint's limits, or its cap";
    case Refusal::left_alone:
      return "every way has failed lately";
    case Refusal::mint_away:
      return "a mint that is needed does not answer";
    case Refusal::fee_over_cap:
      return "it would cost more than the fee limit";
    default:
      return "it did not work";
  }
}

}  // namespace

Result<CostedPlan> Wallet::plan_payment(const PaymentTerms& terms) {
  return cost_from_books(books_, mints_, terms);
}

Result<std::vector<Wallet::RouteView>> Wallet::routes() {
  TRY(rows, books_.routes.list());
  TRY(mints, books_.mints.list());
  const auto url_of = [&](MintId id) -> std::string {
    for (const MintRow& mint : mints)
      if (mint.id == id) return mint.url;
    return {};
  };
  std::vector<RouteView> out;
  for (RouteRow& row : rows)
    out.push_back({url_of(row.key.from), url_of(row.key.to), row.key.bucket,
                   aged(std::move(row.route), books_.now_ms())});
  return out;
}

rt::Task<PaymentOutcome> Wallet::hand_over(std::string mint, PaymentTerms terms, Amount spent,
                                           std::optional<std::string> key, Sha256Digest request,
                                           Patience patience, std::stop_token stop) {
  CO_TRY(known, mints_.at(mint));
  const Amount give = to_hand_over(*known, terms.amount);
  const auto for_payee = give.minus(terms.amount);
  const auto left = for_payee ? terms.most_fee.minus(*for_payee) : std::nullopt;
  const auto limit = left ? left->minus(spent) : std::nullopt;
  if (!limit) co_return none(Refusal::fee_over_cap, std::string(words_of(Refusal::fee_over_cap)));
  CO_TRY_OK(may_spend_at(*known));
  CO_TRY(asked, asked_for({mint, key}, request));
  auto begun = co_await begin_send(books_, *known, std::move(asked),
                                   {.amount = give, .most_fee = limit}, stop);
  if (!begun && is_ours(begun.error().code)) co_return fail(begun.error());
  if (!begun) co_return none(reason_of(begun.error().code), begun.error().detail);
  CO_TRY(sent, co_await go_on(begun->id, patience, stop));
  co_return as_payment(sent, terms, spent);
}

Result<PaymentOutcome> Wallet::as_payment(const Operation& sent, const PaymentTerms& terms,
                                          Amount spent) {
  if (sent.state != OperationState::done)
    return none(sent.has_ended() ? Refusal::swap_failed : Refusal::swap_under_way, sent.note);
  TRY(view, show(sent.id));
  const Amount over = sent.amount.minus(terms.amount).value_or(Amount(0));
  const Amount fee(over.value() + sent.fee.value() + spent.value());
  return Payment{sent.id, view.mint_url, sent.amount, fee};
}

// Ecash is brought to where the payee takes it. What it cost, or why it is not there.
rt::Task<Wallet::Brought> Wallet::bring(CostedWay way, PaymentTerms terms,
                                        std::optional<std::string> key, Patience patience,
                                        std::stop_token stop) {
  CO_TRY(target, mints_.at(way.to));
  const auto for_payee = to_hand_over(*target, terms.amount).minus(terms.amount);
  const auto limit = for_payee ? terms.most_fee.minus(*for_payee) : std::nullopt;
  if (!limit) co_return none(Refusal::fee_over_cap, std::string(words_of(Refusal::fee_over_cap)));
  const Amount all = to_hand_over(*target, std::max(terms.amount, terms.bring));
  auto swapped =
      co_await swap_between_mints(way.from, way.to, {all, *limit}, std::move(key), patience, stop);
  if (!swapped && is_ours(swapped.error().code)) co_return fail(swapped.error());
  if (!swapped) co_return none(reason_of(swapped.error().code), swapped.error().detail);
  if (swapped->state == OperationState::done) co_return swapped->fee;
  co_return none(swapped->has_ended() ? Refusal::swap_failed : Refusal::swap_under_way,
                 swapped->note);
}

// The swap that was begun for a payment of this key and has not failed, gone on with. `tried`: how
// many were begun.
rt::Task<std::optional<Operation>> Wallet::swapped_before(std::string key, std::size_t& tried,
                                                          Patience patience, std::stop_token stop) {
  for (; tried < kMostWays; ++tried) {
    CO_TRY(found, books_.operations.named(swap_name(key, tried + 1)));
    if (!found) break;
    CO_TRY(swapped, co_await go_on(found->id, patience, stop));
    if (swapped.state != OperationState::failed) co_return std::optional(std::move(swapped));
  }
  co_return std::optional<Operation>{};
}

rt::Task<PaymentOutcome> Wallet::build_payment_token(PaymentTerms terms,
                                                     std::optional<std::string> key,
                                                     Patience patience, std::stop_token stop) {
  if (terms.amount == Amount(0) || terms.amount.value() > INT64_MAX / 1000)
    co_return fail(Code::bad_input, "an amount of at least 1 sat");
  const Sha256Digest request = payment_digest(terms);
  if (key) {
    CO_TRY(before, begun_before({{}, key}, request));
    if (before) {
      CO_TRY(sent, co_await go_on(before->id, patience, stop));
      co_return as_payment(sent, terms, Amount(0));
    }
  }
  std::size_t tried = 0;
  if (key) {
    CO_TRY(earlier, co_await swapped_before(*key, tried, patience, stop));
    if (earlier && !earlier->has_ended()) co_return none(Refusal::swap_under_way, earlier->note);
    if (earlier) {
      CO_TRY(mint, counterpart_of(*earlier));
      co_return co_await hand_over(mint, terms, earlier->fee, key, request, patience, stop);
    }
  }
  CO_TRY_OK(co_await meet_accepted(terms, stop));
  CO_TRY(plan, plan_payment(terms));
  NoPayment last = none(plan.refusal, std::string(words_of(plan.refusal)));
  for (const CostedWay& way : plan.ways) {
    if (way.refusal != Refusal::none || tried == kMostWays) break;
    ++tried;
    Amount spent;
    if (!way.is_direct()) {
      std::optional<std::string> name;
      if (key) name = swap_name(*key, tried);
      CO_TRY(brought, co_await bring(way, terms, std::move(name), patience, stop));
      // The greater sum is too much: the payment alone, by the same way.
      const bool too_much = std::holds_alternative<NoPayment>(brought) &&
                            terms.bring > terms.amount && tried < kMostWays &&
                            is_of_the_sum(std::get<NoPayment>(brought).reason);
      if (too_much) {
        terms.bring = terms.amount;
        if (key) name = swap_name(*key, ++tried);
        CO_TRY(less, co_await bring(way, terms, std::move(name), patience, stop));
        brought = std::move(less);
      }
      if (const auto* why = std::get_if<NoPayment>(&brought)) {
        last = *why;
        // Another swap beside one that is under way could pay twice over.
        if (last.reason == Refusal::swap_under_way) break;
        continue;
      }
      spent = std::get<Amount>(brought);
    }
    CO_TRY(outcome, co_await hand_over(way.to, terms, spent, key, request, patience, stop));
    if (std::holds_alternative<Payment>(outcome)) co_return outcome;
    last = std::get<NoPayment>(outcome);
    if (last.reason == Refusal::swap_under_way) break;
  }
  co_return last;
}

// Fees and abilities of the mints that it is about, where they were never asked. One that does not
// answer is known as it was.
rt::Task<> Wallet::meet_accepted(PaymentTerms terms, std::stop_token stop) {
  for (const std::string& url : terms.accepted_mints) {
    const auto normal = normal_mint_url(url);
    if (!normal) continue;
    CO_TRY(row, books_.mints.find(*normal));
    if (!row) continue;
    CO_TRY(mint, mints_.at(row->id));
    auto met = co_await mint->meet(stop);
    if (!met && met.error().code == Code::cancelled) co_return fail(met.error());
  }
  co_return Result<>{};
}

}  // namespace archy::wallet
