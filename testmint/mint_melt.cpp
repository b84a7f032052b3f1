// NUT-05, 08, 23: from ecash to Lightning, and the change.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/checked.hpp"
#include "cashu/bolt11.hpp"
#include "cashu/json.hpp"
#include "cashu/spending_condition.hpp"
#include "testmint/mint.hpp"

namespace archy::testmint {
namespace {

using cashu::QuoteState;

// What Lightning is told to do with this payment.
PayScript script_of(std::span<const Fault> faults) {
  PayScript out;
  for (const Fault& fault : faults) {
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, fault.ms));
    switch (fault.kind) {
      case FaultKind::pay_pending:
        out.after_ms = ms;
        break;
      case FaultKind::pay_failed:
        out.end = PayScript::End::failed;
        out.after_ms = std::max(out.after_ms, ms);
        break;
      case FaultKind::pay_unknown:
        out.end = PayScript::End::unknown;
        out.after_ms = std::max(out.after_ms, ms);
        break;
      case FaultKind::pay_claimed:
        out.end = PayScript::End::claimed;
        break;
      case FaultKind::pay_fee:
        out.fee_above = fault.amount;
        break;
      case FaultKind::pay_seen_late:
        out.seen_after_ms = ms;
        break;
      default:
        break;
    }
  }
  return out;
}

std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

bool is_true(const Json& body, std::string_view name) {
  const Json* member = cashu::optional_member(body, name);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

}  // namespace

Answer<Json> Mint::new_melt_quote(const Call& call) {
  if (!has(5)) return fail(Refusal(nut::kDisabled, "melting is disabled"));
  auto text = cashu::string_member(call.body, "request");
  auto unit = cashu::string_member(call.body, "unit");
  if (!text || !unit) return fail(Refusal(422, "request or unit is missing"));
  if (*unit != kUnit) return fail(Refusal(nut::kUnit, "unit not supported"));
  auto invoice = cashu::parse_invoice(*text);
  if (!invoice) return fail(Refusal(422, invoice.error().detail));
  if (!invoice->amount_msat) return fail(Refusal(nut::kAmountless, "an invoice without amount"));
  const std::uint64_t amount = *invoice->amount_msat / 1000 + (*invoice->amount_msat % 1000 != 0);
  if (amount < options_.min_amount || amount > options_.max_amount)
    return fail(Refusal(nut::kOutsideLimits, "amount outside the limits"));
  const auto owner = lightning_.owner_of(invoice->payment_hash);
  const bool own = owner && *owner == options_.name;
  MeltQuoteRow quote{
      .id = new_id(),
      .invoice = *text,
      .hash = invoice->payment_hash,
      .amount = amount,
      .fee_reserve =
          own ? 0 : std::max(options_.reserve_min, amount * options_.reserve_ppm / 1'000'000),
      .expiry_s = options_.melt_quote_ttl_s == 0 ? 0 : call.now_s() + options_.melt_quote_ttl_s};
  TRY(transaction, book_->begin());
  TRY_OK(book_->put(quote));
  TRY_OK(transaction.commit());
  return shown(quote);
}

Answer<MeltQuoteRow> Mint::melt_quote(std::string_view id) {
  TRY(quote, book_->melt_quote(id));
  if (!quote || quote->forgotten) return fail(Refusal(nut::kUnknown, "quote not found"));
  return std::move(*quote);
}

// A paid one repeats its change. Places before the first signature were signed over nothing when
// the rule says so.
Answer<Json> Mint::shown(const MeltQuoteRow& quote) {
  static constexpr const char* kStates[] = {"UNPAID", "PENDING", "PAID"};
  Json out{{"quote", quote.id},
           {"request", quote.invoice},
           {"amount", quote.amount},
           {"unit", kUnit},
           {"method", "bolt11"},
           {"fee_reserve", quote.fee_reserve},
           {"state", kStates[static_cast<int>(quote.state)]},
           {"expiry", quote.expiry_s},
           {"payment_preimage", nullptr}};
  if (quote.state != QuoteState::paid) return out;
  out["payment_preimage"] = quote.preimage;
  TRY(signatures, book_->issued_by(quote.operation));
  TRY(blanks, book_->blanks_of(quote.operation));
  Json change = Json::array();
  for (const auto& [position, signature] : signatures) {
    while (change.size() < position && quote.change_rule == ChangeRule::zeros_first) {
      auto nothing = active().sign(blanks.at(change.size()).b, cashu::Amount(1));
      nothing.amount = cashu::Amount(0);
      change.push_back(signature_json(nothing, has(12)));
    }
    change.push_back(signature_json(signature, has(12)));
  }
  if (!change.empty()) out["change"] = std::move(change);
  return out;
}

Answer<Json> Mint::melt(const Call& call) {
  if (!has(5)) return fail(Refusal(nut::kDisabled, "melting is disabled"));
  auto id = cashu::string_member(call.body, "quote");
  if (!id) return fail(Refusal(422, id.error().detail));
  Outputs blanks;
  if (has(8) && cashu::optional_member(call.body, "outputs") != nullptr) {
    TRY(given, read_outputs(call));
    blanks = std::move(given);
  }
  TRY(quote, melt_quote(*id));
  if (quote.state == QuoteState::paid)
    return fail(Refusal(nut::kInvoicePaid, "invoice already paid"));
  if (quote.state == QuoteState::pending) return fail(Refusal(nut::kQuotePending, "quote pending"));
  if (quote.expiry_s != 0 && call.now_s() > quote.expiry_s)
    return fail(Refusal(nut::kQuoteExpired, "quote expired"));
  TRY(inputs, read_inputs(call));
  TRY_OK(check_inputs(inputs));
  TRY_OK(check_outputs(blanks, call, true));
  TRY_OK(check_unsigned(blanks));
  const auto needed = checked_add(quote.amount + quote.fee_reserve, inputs.fee);
  if (!needed || inputs.sum < *needed)
    return fail(Refusal(nut::kUnbalanced, "not enough inputs for amount, reserve and fee"));
  if (has(11)) {
    if (auto open = cashu::check_request(inputs.proofs, blanks, quote.id, call.now_s()); !open)
      return fail(Refusal(nut::kBadProof, open.error().detail));
  }
  TRY_OK(hold(quote, inputs, blanks, call));

  auto payment = lightning_.pay({.payer = options_.name,
                                 .invoice = quote.invoice,
                                 .reserve_sat = quote.fee_reserve,
                                 .script = script_of(call.faults),
                                 .reference = quote.id},
                                call.now_ms);
  if (!payment) {
    const Error why = payment.error();
    TRY_OK(ended(quote, {.state = PayState::failed}));
    if (why.code == Code::denied) return fail(Refusal(nut::kInvoicePaid, why.detail));
    if (why.code == Code::try_later) return fail(Refusal(nut::kQuotePending, why.detail));
    return fail(Refusal(why));
  }
  if (!is_true(call.body, "prefer_async")) {
    TRY(now, ended(std::move(quote), *payment));
    if (payment->state == PayState::failed)
      return fail(Refusal(nut::kPaymentFailed, "Lightning payment failed"));
    quote = std::move(now);
  }
  return shown(quote);
}

// The inputs wait for the payment, durably, before it is tried.
Answer<> Mint::hold(MeltQuoteRow& quote, const Inputs& inputs, const Outputs& blanks,
                    const Call& call) {
  TRY(transaction, book_->begin());
  TRY(operation, book_->put(OperationRow{OperationKind::melt, quote.id, inputs.sum, 0, inputs.fee,
                                         call.now_ms}));
  for (std::size_t i = 0; i < inputs.ys.size(); ++i)
    TRY_OK(book_->hold(operation, inputs.ys[i], inputs.proofs[i], cashu::SpendState::pending));
  for (std::size_t i = 0; i < blanks.size(); ++i) TRY_OK(book_->put_blank(operation, i, blanks[i]));
  quote.operation = operation;
  quote.state = QuoteState::pending;
  if (call.fault(FaultKind::missing_change) != nullptr) quote.change_rule = ChangeRule::keeps;
  if (call.fault(FaultKind::zero_change) != nullptr) quote.change_rule = ChangeRule::zeros_first;
  if (const Fault* fault = call.fault(FaultKind::short_change)) quote.change_less = fault->amount;
  TRY_OK(book_->put(quote));
  TRY_OK(transaction.commit());
  return {};
}

// The quote as the payment has ended, if it has. Requires: it is pending.
Answer<MeltQuoteRow> Mint::ended(MeltQuoteRow quote, const Payment& payment) {
  if (payment.state == PayState::in_flight || payment.state == PayState::unknown) return quote;
  TRY(transaction, book_->begin());
  if (payment.state == PayState::paid) {
    TRY_OK(book_->settle(quote.operation));
    quote.state = QuoteState::paid;
    quote.fee = payment.fee_sat;
    quote.preimage = payment.preimage;
    TRY(operation, book_->operation(quote.operation));
    TRY_OK(sign_change(quote, operation.value()));
  } else {
    TRY_OK(book_->release(quote.operation));
    quote.state = QuoteState::unpaid;
  }
  TRY_OK(book_->put(quote));
  TRY_OK(transaction.commit());
  return quote;
}

// On the keyset that is active now: the blanks may name an older one. With too few blanks the
// smallest parts are the mint's.
Answer<> Mint::sign_change(const MeltQuoteRow& quote, const OperationRow& operation) {
  std::uint64_t change =
      less(operation.inputs, quote.amount + quote.fee + operation.input_fee + quote.change_less);
  if (quote.change_rule == ChangeRule::keeps) change = 0;
  TRY(blanks, book_->blanks_of(quote.operation));
  auto parts = cashu::split(cashu::Amount(change));
  if (parts.size() > blanks.size())
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(blanks.size()));
  const std::size_t first =
      quote.change_rule == ChangeRule::zeros_first ? blanks.size() - parts.size() : 0;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& blank = blanks[first + i];
    TRY_OK(
        book_->put_issued(quote.operation, first + i, blank.b, active().sign(blank.b, parts[i])));
    sum += parts[i].value();
  }
  TRY_OK(book_->put_outputs(quote.operation, sum));
  return {};
}

// What was on its way and has ended, as a mint's own watcher would find it. A payment that
// Lightning never heard of was held when the process was killed.
Result<> Mint::settle_due(std::int64_t now_ms) {
  TRY(pending, book_->pending_melts());
  for (const std::string& id : pending) {
    TRY(quote, book_->melt_quote(id));
    TRY(payment, lightning_.status(quote->hash, now_ms));
    // Another quote of the same invoice was paid, or none was.
    if (payment.reference != id) payment = {.state = PayState::failed};
    if (auto done = ended(std::move(*quote), payment); !done)
      return archy::fail(Code::io, done.error().detail);
  }
  return {};
}

}  // namespace archy::testmint
