#include "wallet/send_flow.hpp"

#include <algorithm>

#include "cashu/token.hpp"
#include "wallet/restore_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// Reserves what was selected.
Result<std::vector<cashu::Proof>> take(Books& books, OperationId by, const Selection& selection) {
  std::vector<cashu::Proof> out;
  for (const Pick& pick : selection.picks) {
    TRY(some, books.proofs.take(by, pick.keyset, pick.amount, pick.count));
    for (cashu::Proof& proof : some) out.push_back(std::move(proof));
  }
  return out;
}

Result<> check_fee(Amount fee, const std::optional<Amount>& most) {
  if (!most || fee <= *most) return {};
  return fail(Code::denied, "it would cost " + std::to_string(fee.value()) +
                                " sat in fees, more than " + std::to_string(most->value()));
}

// Proofs that are worth exactly the amount are handed on as they are.
Result<Operation> hand_exact(Books& books, KnownMint& mint, const NewOperation& asked,
                             const Selection& selection) {
  TRY(transaction, books.db.begin());
  TRY(operation, books.operations.begin(asked, books.now_ms()));
  TRY(proofs, take(books, operation.id, selection));
  TRY_OK(books.proofs.settle(operation.id, ProofState::reserved, ProofState::given));
  TRY(text, cashu::to_string(
                cashu::Token{mint.url(), std::string(kUnit), asked.memo, std::move(proofs)}));
  TRY_OK(books.operations.keep_token(operation.id, text));
  operation.state = OperationState::done;
  operation.stage = Stage::handed;
  TRY_OK(books.operations.update(operation, books.now_ms()));
  TRY_OK(transaction.commit());
  return operation;
}

Result<Operation> store_swap(Books& books, KnownMint& mint, const NewOperation& asked,
                             const Selection& selection, OutputPlan plan) {
  TRY(transaction, books.db.begin());
  TRY(operation, books.operations.begin(asked, books.now_ms()));
  TRY_OK(take(books, operation.id, selection));
  // The selection covers the fee and what is asked for; the rest of it stays here.
  plan.keep = Amount(selection.sum.value() - selection.fee.value() - plan.give.value() -
                     plan.apart.value());
  TRY(stored, store_exchange(books, mint, std::move(transaction), operation, plan));
  return operation;
}

}  // namespace

rt::Task<Operation> begin_send(Books& books, KnownMint& mint, NewOperation asked, SendTerms terms,
                               std::stop_token stop) {
  if (terms.amount == Amount(0) || terms.amount.value() > INT64_MAX)
    co_return fail(Code::bad_input, "an amount of at least 1 sat");
  asked.kind = OperationKind::send;
  asked.mint = mint.id();
  Amount give = terms.amount;
  if (terms.include_receivers_fee) {
    CO_TRY_OK(co_await make_ready(books, mint, stop));
    CO_TRY(keyset, mint.for_outputs());
    CO_TRY(whole, with_receivers_fee(*keyset, give));
    give = whole;
  }
  asked.amount = give;
  CO_TRY(purses, purses_of(books, mint));
  if (!terms.lock) {
    // Retired ecash would only trouble its receiver.
    std::vector<Purse> active = purses;
    std::erase_if(active, [](const Purse& purse) { return !purse.active; });
    auto exact = select(active, give, InputFee::none);
    if (exact && exact->sum == give) co_return hand_exact(books, mint, asked, *exact);
  }
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  if (terms.lock && !mint.info().locks)
    co_return fail(Code::unsupported, mint.url() + " does not know locks: anybody could spend it");
  CO_TRY(fresh, purses_of(books, mint));
  CO_TRY(selection, select(fresh, give, InputFee::paid_by_us));
  CO_TRY_OK(check_fee(selection.fee, terms.most_fee));
  co_return store_swap(books, mint, asked, selection, {.give = give, .lock = terms.lock});
}

rt::Task<Operation> begin_take_back(Books& books, KnownMint& mint, const Operation& sent,
                                    std::stop_token stop) {
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  NewOperation asked{OperationKind::swap, mint.id(), sent.amount, sent.id};
  CO_TRY(transaction, books.db.begin());
  CO_TRY(operation, books.operations.begin(asked, books.now_ms()));
  CO_TRY(count, books.proofs.take_back(sent.id, operation.id));
  if (count == 0)
    co_return fail(Code::denied,
                   "nothing of this token can be taken back: it was redeemed, or "
                   "taken back before");
  CO_TRY(inputs, books.proofs.held(operation.id, ProofState::reserved));
  std::vector<Amount> amounts;
  for (const cashu::Proof& proof : inputs) amounts.push_back(proof.amount);
  CO_TRY(sum, cashu::sum(amounts));
  CO_TRY(fee, mint.input_fee(inputs));
  const auto keep = sum.minus(fee);
  if (!keep || *keep == Amount(0))
    co_return fail(Code::denied, "the token is worth less than the mint's fee for taking it back");
  CO_TRY(stored, store_exchange(books, mint, std::move(transaction), operation, {.keep = *keep}));
  co_return operation;
}

rt::Task<> look_after_handed(Books& books, KnownMint& mint, Operation& sent, std::stop_token stop) {
  CO_TRY(given, books.proofs.held(sent.id, ProofState::given));
  if (given.empty()) co_return Result<>{};
  const auto ys = ys_of(given);
  CO_TRY(states, co_await ask_states(mint, ys, stop));
  std::vector<crypto::Point> gone;
  for (std::size_t i = 0; i < ys.size(); ++i)
    if (states[i] == cashu::SpendState::spent) gone.push_back(ys[i]);
  if (gone.empty()) co_return Result<>{};
  CO_TRY(transaction, books.db.begin());
  CO_TRY(amount, books.proofs.mark_spent(sent.id, gone));
  if (gone.size() == ys.size()) sent.stage = Stage::redeemed;
  if (amount > Amount(0))
    CO_TRY_OK(
        books.operations.enter({sent.id, sent.mint, -static_cast<std::int64_t>(amount.value()),
                                Amount(0), books.now_ms()}));
  CO_TRY_OK(books.operations.update(sent, books.now_ms()));
  co_return transaction.commit();
}

rt::Task<std::optional<Operation>> begin_sweep(Books& books, KnownMint& mint,
                                               std::uint64_t ends_before, std::stop_token stop) {
  using None = std::optional<Operation>;
  // What the mint says now: it may have another keyset than when it was last met.
  CO_TRY_OK(co_await mint.refresh(stop));
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  CO_TRY(lasting, mint.for_outputs());
  if (lasting->terms().final_expiry && *lasting->terms().final_expiry < ends_before)
    co_return fail(Code::unsupported, mint.url() + " has no keyset that lasts");
  CO_TRY(purses, purses_of(books, mint));
  std::erase_if(purses, [&](const Purse& purse) {
    const auto& expiry = mint.keysets().find(purse.keyset)->terms().final_expiry;
    return !expiry || *expiry >= ends_before;
  });
  std::uint64_t room = kMostInputs;
  for (Purse& purse : purses) {
    for (auto& [amount, count] : purse.holdings) {
      count = std::min(count, room);
      room -= count;
    }
  }
  CO_TRY(selection, select_all(purses));
  if (selection.sum <= selection.fee) co_return None{};
  CO_TRY(swap,
         store_swap(books, mint, {OperationKind::swap, mint.id(), selection.sum}, selection, {}));
  co_return None(std::move(swap));
}

rt::Task<Operation> begin_merge(Books& books, KnownMint& mint, std::optional<Amount> most_fee,
                                std::stop_token stop) {
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  CO_TRY(purses, purses_of(books, mint));
  CO_TRY(selection, select_smallest(purses));
  CO_TRY_OK(check_fee(selection.fee, most_fee));
  if (selection.sum <= selection.fee)
    co_return fail(Code::payment_needed, "the proofs there are worth less than the mint's fee");
  co_return store_swap(books, mint, {OperationKind::swap, mint.id(), selection.sum}, selection, {});
}

rt::Task<Operation> begin_exact(Books& books, KnownMint& mint, Amount exact,
                                std::optional<OperationId> part_of, std::stop_token stop) {
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  CO_TRY(purses, purses_of(books, mint));
  CO_TRY(selection, select(purses, exact, InputFee::paid_by_us));
  const NewOperation asked{.mint = mint.id(), .amount = exact, .part_of = part_of};
  co_return store_swap(books, mint, asked, selection, {.apart = exact});
}

}  // namespace archy::wallet
