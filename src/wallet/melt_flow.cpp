#include "wallet/melt_flow.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"
#include "cashu/bolt11.hpp"
#include "cashu/mint_answers.hpp"
#include "wallet/restore_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// More than this over what is needed is not locked up for a payment that may take days.
bool is_far_over(Amount sum, Amount needed) {
  return sum.value() - needed.value() > std::max<std::uint64_t>(64, needed.value() / 4);
}

Result<cashu::Invoice> read_invoice(const std::string& text, std::uint64_t now_s) {
  TRY(invoice, cashu::parse_invoice(text));
  if (!invoice.amount_msat || *invoice.amount_msat == 0)
    return fail(Code::bad_input, "an invoice without an amount cannot be paid");
  if (invoice.expires_at() <= now_s) return fail(Code::bad_input, "the invoice has expired");
  return invoice;
}

Result<> check_cost(Amount cost, Amount fee, Amount most) {
  const auto worst = cost.plus(fee);
  if (worst && *worst <= most) return {};
  return fail(Code::denied, "it could cost " + std::to_string(worst ? worst->value() : UINT64_MAX) +
                                " sat in fees, more than " + std::to_string(most.value()));
}

Result<Amount> needed_of(const Quote& quote, Amount fee) {
  const auto part = quote.amount.plus(quote.fee_reserve);
  const auto all = part ? part->plus(fee) : std::nullopt;
  if (!all || all->value() > INT64_MAX) return fail(Code::peer_fault, "a quote beyond all ecash");
  return *all;
}

// What a melt with these inputs can cost at most: where there is no change, all that is too much.
Result<Amount> worst_cost(const KnownMint& mint, const Quote& quote, const Selection& selection) {
  if (!mint.info().change) return selection.sum.minus(quote.amount).value_or(Amount(0));
  const auto all = quote.fee_reserve.plus(selection.fee);
  if (!all) return fail(Code::peer_fault, "a quote beyond all ecash");
  return *all;
}

}  // namespace

Amount default_most_fee(Amount amount) {
  return Amount(std::max<std::uint64_t>(20, amount.value() / 20));
}

rt::Task<MeltPlan> plan_melt(Books& books, KnownMint& mint, const MeltTerms& terms,
                             std::stop_token stop) {
  CO_TRY(invoice, read_invoice(terms.invoice, books.now_s()));
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  CO_TRY(body, co_await mint.client().post("/v1/melt/quote/bolt11",
                                           cashu::melt_quote_body(terms.invoice, kUnit), stop));
  CO_TRY(said, cashu::parse_melt_quote(body));
  // A part of a sat is paid as a whole one.
  const Amount amount((*invoice.amount_msat + 999) / 1000);
  if (said.amount != amount)
    co_return fail(Code::peer_fault, "the mint's quote is for another amount than the invoice");
  if (said.state != cashu::QuoteState::unpaid)
    co_return fail(Code::denied, "the mint is paying this invoice already, or has paid it");
  MeltPlan out{{Secret<std::string>(said.id), terms.invoice, said.amount, said.fee_reserve,
                terms.most_fee.value_or(default_most_fee(amount)), said.expiry, std::nullopt}};
  CO_TRY(purses, purses_of(books, mint));
  CO_TRY(least, needed_of(out.quote, Amount(0)));
  CO_TRY(selection, select(purses, least, InputFee::paid_by_us));
  const bool estimated = test_hooks::planted("cross_cap_on_estimate");
  CO_TRY_OK(check_cost(out.quote.fee_reserve, estimated ? Amount(0) : selection.fee,
                       *out.quote.most_fee));
  CO_TRY(needed, needed_of(out.quote, selection.fee));
  const bool inexact = selection.sum > needed;
  if (inexact && (!mint.info().change || is_far_over(selection.sum, needed))) {
    CO_TRY(keyset, mint.for_outputs());
    // Exactly enough, their own input fee included.
    CO_TRY(exact, with_receivers_fee(*keyset, least));
    CO_TRY(swap, select(purses, exact, InputFee::paid_by_us));
    const Amount all_fees(swap.fee.value() + exact.value() - least.value());
    const bool affordable =
        check_cost(out.quote.fee_reserve, all_fees, *out.quote.most_fee).has_value();
    if (affordable) out.needs_exact = exact;
    if (!affordable && !mint.info().change)
      co_return fail(Code::denied, "the mint gives no change, and the exact sum would cost " +
                                       std::to_string(all_fees.value()) +
                                       " sat beside its reserve");
  }
  co_return out;
}

Result<bool> is_exact(Books& books, const KnownMint& mint, const MeltPlan& plan) {
  TRY(purses, purses_of(books, mint));
  TRY(least, needed_of(plan.quote, Amount(0)));
  TRY(selection, select(purses, least, InputFee::paid_by_us));
  TRY(needed, needed_of(plan.quote, selection.fee));
  return selection.sum == needed;
}

Result<PreparedMelt> prepare_melt(Books& books, KnownMint& mint, NewOperation asked,
                                  const MeltPlan& plan, Amount paid_before) {
  asked.kind = OperationKind::melt;
  asked.mint = mint.id();
  asked.amount = plan.quote.amount;
  TRY(purses, purses_of(books, mint));
  TRY(least, needed_of(plan.quote, Amount(0)));
  TRY(selection, select(purses, least, InputFee::paid_by_us));
  TRY(cost, worst_cost(mint, plan.quote, selection));
  if (!test_hooks::planted("cross_cap_on_estimate"))
    TRY_OK(check_cost(cost, paid_before, *plan.quote.most_fee));
  TRY(bill,
      cashu::melt_bill(selection.sum, plan.quote.amount, plan.quote.fee_reserve, selection.fee));
  TRY(operation, books.operations.begin(asked, books.now_ms()));
  TRY_OK(books.operations.put_quote(operation.id, plan.quote));
  for (const Pick& pick : selection.picks)
    TRY_OK(books.proofs.take(operation.id, pick.keyset, pick.amount, pick.count));
  TRY(draft, draft_melt(books, mint, operation, bill));
  return PreparedMelt{std::move(operation), std::move(draft)};
}

Result<Operation> begin_melt(Books& books, KnownMint& mint, NewOperation asked,
                             const MeltPlan& plan, Amount paid_before) {
  TRY(transaction, books.db.begin());
  TRY(melt, prepare_melt(books, mint, std::move(asked), plan, paid_before));
  TRY(stored, books.journal.store(std::move(transaction), std::move(melt.draft), books.now_ms()));
  return std::move(melt.operation);
}

}  // namespace archy::wallet
