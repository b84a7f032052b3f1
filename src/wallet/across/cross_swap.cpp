#include "wallet/across/cross_swap.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/test_hooks.hpp"
#include "cashu/bolt11.hpp"
#include "cashu/mint_answers.hpp"
#include "crypto/sha256.hpp"
#include "wallet/across/cross_checks.hpp"
#include "wallet/bodies.hpp"
#include "wallet/restore_flow.hpp"
#include "wallet/send_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// After it nothing is begun any more: whoever asked has gone another way. Units: milliseconds.
constexpr std::int64_t kInTimeMs = std::int64_t{10} * 60 * 1000;
// Ways to a stored payment: quotes that end, payments that never left.
constexpr std::int64_t kMostTries = 5;
// Swaps for exact inputs of one payment.
constexpr int kMostExact = 2;
// A target that has not heard of the payment by then needs somebody to look. Units: milliseconds.
constexpr std::int64_t kLongLagMs = std::int64_t{10} * 60 * 1000;

// One cross swap while it is looked at.
struct Cross {
  Books& books;
  KnownMint& from;
  KnownMint& to;
  Operation& operation;
  Transfer transfer;
  rt::Duration patience;
  std::stop_token stop;
};

Result<Cross> take_up(Books& books, Mints& mints, Operation& operation, rt::Duration patience,
                      std::stop_token stop) {
  TRY(transfer, books.transfers.of(operation.id));
  TRY(from, mints.at(transfer.from));
  TRY(to, mints.at(transfer.to));
  return Cross{books, *from, *to, operation, transfer, patience, std::move(stop)};
}

Result<Operation> part(Books& books, const std::optional<OperationId>& id) {
  if (!id) return fail(Code::corrupt, "wallet.db: a swap between mints without its part");
  TRY(found, books.operations.find(*id));
  if (!found) return fail(Code::corrupt, "wallet.db: a swap between mints without its part");
  return *found;
}

// The operation and what serves it, in one transaction.
Result<> save(Cross& cross, db::Durable durable = db::Durable::now) {
  TRY(transaction, cross.books.db.begin(durable));
  TRY_OK(cross.books.transfers.update(cross.transfer));
  TRY_OK(cross.books.operations.update(cross.operation, cross.books.now_ms()));
  return transaction.commit();
}

Result<> note(Cross& cross, std::string why) {
  if (cross.operation.note == why) return {};
  cross.operation.note = std::move(why);
  return cross.books.operations.update(cross.operation, cross.books.now_ms());
}

RouteKey key_of(const Cross& cross) {
  return {cross.transfer.from, cross.transfer.to, bucket_of(cross.operation.amount)};
}

Amount plus(Amount a, Amount b) { return a.plus(b).value_or(Amount(UINT64_MAX)); }

// What all parts have cost so far.
Result<Amount> cost_of(Books& books, OperationId cross) {
  TRY(parts, books.operations.parts_of(cross));
  Amount out;
  for (const Operation& one : parts)
    if (one.kind != OperationKind::mint) out = plus(out, one.fee);
  return out;
}

// --- up to a stored payment ----------------------------------------------------------------------

// Quotes of an earlier life of the program that the transfer does not name: one that stands is
// taken up, of others nobody ever saw the invoice.
Result<> look_after_strays(Cross& cross) {
  TRY(parts, cross.books.operations.parts_of(cross.operation.id));
  for (Operation& one : parts) {
    if (one.kind != OperationKind::mint || one.has_ended() || one.id == cross.transfer.claim)
      continue;
    if (one.stage == Stage::quoted && !cross.transfer.claim)
      cross.transfer.claim = one.id;
    else
      TRY_OK(end_mint(cross.books, one, "the program ended before there was an invoice"));
  }
  return {};
}

// The quote at the target that the payment will be for: the one that is there, if there is time, or
// a new one.
rt::Task<Operation> target_quoted(Cross& cross) {
  CO_TRY(route, cross.books.routes.find(key_of(cross)));
  const std::uint64_t margin_s = target_margin_s(route);
  CO_TRY_OK(look_after_strays(cross));
  if (cross.transfer.claim) {
    CO_TRY(claim, part(cross.books, cross.transfer.claim));
    CO_TRY(quote, cross.books.operations.quote(claim.id));
    const bool stands = claim.stage == Stage::quoted && !claim.has_ended() && quote;
    if (stands && target_lasts(cross.to, *quote, margin_s)) {
      cross.operation.stage = Stage::quoted;
      co_return claim;
    }
    if (stands) CO_TRY_OK(end_mint(cross.books, claim, "there was too little time left to pay it"));
  }
  NewOperation asked{.kind = OperationKind::mint, .amount = cross.operation.amount};
  asked.part_of = cross.operation.id;
  CO_TRY(claim, co_await begin_mint(cross.books, cross.to, std::move(asked), cross.stop));
  cross.transfer.claim = claim.id;
  cross.operation.stage = Stage::quoted;
  // Nobody sees the invoice before the payment of it is stored.
  CO_TRY_OK(save(cross, db::Durable::with_the_next));
  CO_TRY(quote, cross.books.operations.quote(claim.id));
  if (!quote || !target_lasts(cross.to, *quote, margin_s))
    co_return fail(Code::unsupported, cross.to.url() + " gives less than " +
                                          std::to_string(margin_s) + " s to pay its invoices");
  co_return claim;
}

// A swap for exact inputs that was begun and is not at an end. Errors: try_later: it still is.
rt::Task<> finish_exact(Cross& cross) {
  CO_TRY(parts, cross.books.operations.parts_of(cross.operation.id));
  for (Operation& swap : parts) {
    if (swap.kind != OperationKind::swap || swap.has_ended()) continue;
    CO_TRY_OK(co_await exchange_round(cross.books, cross.from, swap, cross.patience, cross.stop));
    if (!swap.has_ended())
      co_return fail(Code::try_later, "the mint has not changed the ecash yet: " + swap.note);
  }
  co_return Result<>{};
}

// Inputs that are worth exactly what the payment needs, where it needs such.
rt::Task<> have_exact(Cross& cross, MeltPlan plan) {
  bool exact = !plan.needs_exact;
  for (int tries = 0; !exact && tries < kMostExact; ++tries) {
    CO_TRY(swap, co_await begin_exact(cross.books, cross.from, *plan.needs_exact,
                                      cross.operation.id, cross.stop));
    CO_TRY_OK(co_await finish_exact(cross));
    CO_TRY(made, is_exact(cross.books, cross.from, plan));
    exact = made;
  }
  co_return Result<>{};
}

// Payment and claim, and nothing of the one without the other.
Result<> store_both(Cross& cross, Operation& claim, const MeltPlan& plan, Amount paid_before) {
  Books& books = cross.books;
  TRY(transaction, books.db.begin());
  TRY(melt, prepare_melt(books, cross.from, {.part_of = cross.operation.id}, plan, paid_before));
  std::vector<Draft> drafts;
  drafts.push_back(std::move(melt.draft));
  TRY(stored_claim, unfinished_request(books, claim));
  if (!stored_claim && !test_hooks::planted("cross_claim_stored_late")) {
    TRY(draft,
        draft_exchange(books, cross.to, claim, {.keep = cross.operation.amount}, Stage::quoted));
    drafts.push_back(std::move(draft));
  }
  cross.transfer.payment = melt.operation.id;
  cross.transfer.sent_ms = books.now_ms();
  cross.operation.stage = Stage::requested;
  cross.operation.note.clear();
  TRY_OK(save(cross));
  TRY(stored, books.journal.store_all(std::move(transaction), std::move(drafts), books.now_ms()));
  return {};
}

rt::Task<> arm(Cross& cross) {
  Books& books = cross.books;
  CO_TRY_OK(co_await make_ready(books, cross.to, cross.stop));
  CO_TRY_OK(co_await make_ready(books, cross.from, cross.stop));
  CO_TRY_OK(check_target(books, cross.to, cross.operation.amount));
  CO_TRY_OK(check_source(cross.from, cross.operation.amount));
  CO_TRY(claim, co_await target_quoted(cross));
  CO_TRY_OK(co_await finish_exact(cross));
  CO_TRY(quote, books.operations.quote(claim.id));
  const MeltTerms terms{quote->invoice, cross.transfer.most_fee};
  CO_TRY(plan, co_await plan_melt(books, cross.from, terms, cross.stop));
  if (plan.quote.amount != cross.operation.amount)
    co_return fail(Code::peer_fault,
                   cross.from.url() + " quotes another amount than the invoice's");
  CO_TRY_OK(co_await have_exact(cross, plan));
  if (!source_lasts(cross.from, plan.quote))
    co_return fail(Code::try_later, "the quote of " + cross.from.url() + " has all but ended");
  CO_TRY(cost, cost_of(books, cross.operation.id));
  // Only what was asked about could be gone meanwhile: nothing waits from here on.
  co_return store_both(cross, claim, plan, cost);
}

// Whether another try may go better: an answer was lost, or a quote ended.
bool may_pass(Code code) {
  return code == Code::unreachable || code == Code::timed_out || code == Code::try_later;
}

// --- its ends ------------------------------------------------------------------------------------

Result<> end_failed(Cross& cross, std::string why) {
  TRY(cost, cost_of(cross.books, cross.operation.id));
  cross.operation.state = OperationState::failed;
  cross.operation.stage = Stage::undone;
  cross.operation.fee = cost;
  cross.operation.note = std::move(why);
  return save(cross);
}

// The quote was never to be paid by anybody else.
Result<> end_claim(Cross& cross, std::string why) {
  if (!cross.transfer.claim) return {};
  TRY(claim, part(cross.books, cross.transfer.claim));
  return claim.has_ended() ? Result<>{} : end_mint(cross.books, claim, std::move(why));
}

Result<> remember_failure(Cross& cross, const std::string& why) {
  TRY(route, cross.books.routes.find(key_of(cross)));
  note_failure(route, cross.operation.amount, why, cross.books.now_ms());
  return cross.books.routes.put(key_of(cross), route);
}

// The target's ecash is here.
Result<> settle(Cross& cross, const Operation& claim) {
  Books& books = cross.books;
  TRY(cost, cost_of(books, cross.operation.id));
  const std::int64_t now_ms = books.now_ms();
  TRY(route, books.routes.find(key_of(cross)));
  note_arrival(route, claim.amount, cost, now_ms - cross.transfer.sent_ms.value_or(now_ms), now_ms);
  Operation& operation = cross.operation;
  operation.note.clear();
  if (cost > cross.transfer.most_fee) {
    operation.note = cross.from.url() + " took more than its quote said: it has cost " +
                     std::to_string(cost.value()) + " sat instead of " +
                     std::to_string(cross.transfer.most_fee.value()) + " at most";
    note_overcharge(route, operation.note, now_ms);
  }
  operation.state = OperationState::done;
  operation.stage = Stage::settled;
  operation.amount = claim.amount;
  operation.fee = cost;
  TRY(transaction, books.db.begin());
  TRY_OK(books.routes.put(key_of(cross), route));
  TRY_OK(save(cross));
  return transaction.commit();
}

// --- the rounds ----------------------------------------------------------------------------------

// What the target says came in for its quote.
rt::Task<Amount> paid_at_target(Cross& cross, const Operation& claim) {
  CO_TRY(quote, cross.books.operations.quote(claim.id));
  if (!quote) co_return fail(Code::corrupt, "wallet.db: a quote that is not there");
  CO_TRY(body, co_await cross.to.client().get(mint_quote_path(*quote), cross.stop));
  CO_TRY(said, cashu::parse_mint_quote(body, quote->amount));
  co_return said.paid;
}

// Whether the source's quote has ended, as it says itself: then nothing is wrong with the way.
rt::Task<bool> has_source_ended(Cross& cross, const Operation& payment) {
  CO_TRY(quote, cross.books.operations.quote(payment.id));
  if (!quote) co_return false;
  auto body = co_await cross.from.client().get(melt_quote_path(*quote), cross.stop);
  if (!body) co_return body.error().code == Code::bad_input || body.error().code == Code::not_found;
  CO_TRY(said, cashu::parse_melt_quote(*body));
  co_return said.expiry && *said.expiry <= cross.from.now_s();
}

// The payment is undone, and its ecash is free.
rt::Task<> on_undone(Cross& cross, Operation payment) {
  Books& books = cross.books;
  CO_TRY(requests, books.journal.requests_of(payment.id));
  const bool was_sent = std::ranges::any_of(
      requests, [](const StoredRequest& request) { return request.was_sent(); });
  CO_TRY(claim, part(books, cross.transfer.claim));
  bool ended = false;
  if (was_sent) {
    // "Paid already" may have been an earlier payment of ours.
    auto paid = co_await paid_at_target(cross, claim);
    if (!paid && paid.error().code == Code::cancelled) co_return fail(paid.error());
    if (paid && *paid > Amount(0)) {
      cross.operation.stage = Stage::paid;
      cross.transfer.paid_ms = books.now_ms();
      co_return save(cross);
    }
    const auto over = co_await has_source_ended(cross, payment);
    if (!over && over.error().code == Code::cancelled) co_return fail(over.error());
    ended = over.value_or(false);
  }
  const bool cost_nothing = payment.fee == Amount(0);
  const bool in_time = books.now_ms() <= cross.transfer.deadline_ms;
  if (cost_nothing && in_time && cross.transfer.tries < kMostTries && (!was_sent || ended)) {
    ++cross.transfer.tries;
    cross.transfer.payment.reset();
    cross.operation.stage = Stage::quoted;
    cross.operation.note = payment.note;
    co_return save(cross);
  }
  CO_TRY(transaction, books.db.begin());
  // What was fenced off cannot pay it any more. It is asked about until its own end all the same:
  // the source's word is all there is for that.
  if (!was_sent) CO_TRY_OK(end_claim(cross, payment.note));
  if (was_sent && !ended) CO_TRY_OK(remember_failure(cross, payment.note));
  CO_TRY_OK(end_failed(cross, payment.note));
  co_return transaction.commit();
}

rt::Task<> payment_round(Cross& cross) {
  CO_TRY(payment, part(cross.books, cross.transfer.payment));
  if (!payment.has_ended() && payment.stage != Stage::paid) {
    CO_TRY_OK(co_await cross.from.meet(cross.stop));
    CO_TRY_OK(co_await melt_round(cross.books, cross.from, payment, cross.patience, cross.stop));
    CO_TRY(now, part(cross.books, cross.transfer.payment));
    payment = std::move(now);
  }
  if (test_hooks::planted("cross_claims_first") && payment.state == OperationState::done) {
    CO_TRY(claim, part(cross.books, cross.transfer.claim));
    CO_TRY_OK(co_await mint_round(cross.books, cross.to, claim, cross.patience, cross.stop));
  }
  if (payment.state == OperationState::failed) co_return co_await on_undone(cross, payment);
  if (payment.stage == Stage::paid || payment.state == OperationState::done) {
    cross.operation.state = OperationState::open;
    cross.operation.stage = Stage::paid;
    cross.operation.note.clear();
    cross.transfer.paid_ms = cross.books.now_ms();
    // Sending the claim is durable.
    co_return save(cross, db::Durable::with_the_next);
  }
  cross.operation.state = payment.state;
  co_return note(cross, payment.note);
}

// What there is to show for a payment that the target does not know of.
Result<std::string> evidence(Cross& cross) {
  TRY(quote, cross.books.operations.quote(*cross.transfer.payment));
  if (!quote) return fail(Code::corrupt, "wallet.db: a payment without its quote");
  const auto invoice = cashu::parse_invoice(quote->invoice);
  const auto preimage = from_hex(quote->preimage.value_or(""));
  const bool proves = invoice && preimage && preimage->size() == 32 &&
                      crypto::sha256(*preimage) == invoice->payment_hash;
  return cross.to.url() + " has not seen the payment that " + cross.from.url() +
         " says it made; it gave " +
         (proves ? "the invoice's preimage" : "no preimage that proves it") + "; invoice " +
         quote->invoice;
}

rt::Task<> claim_round(Cross& cross) {
  CO_TRY(claim, part(cross.books, cross.transfer.claim));
  if (!claim.has_ended()) {
    CO_TRY_OK(co_await cross.to.meet(cross.stop));
    CO_TRY_OK(co_await mint_round(cross.books, cross.to, claim, cross.patience, cross.stop));
    CO_TRY(now, part(cross.books, cross.transfer.claim));
    claim = std::move(now);
  }
  if (claim.state == OperationState::done) co_return settle(cross, claim);
  if (claim.state == OperationState::needs_attention) {
    cross.operation.state = claim.state;
    co_return note(cross, claim.note);
  }
  if (claim.stage != Stage::quoted) {
    cross.operation.state = OperationState::open;
    co_return note(cross, claim.note);
  }
  const std::int64_t waited_ms =
      cross.books.now_ms() - cross.transfer.paid_ms.value_or(cross.books.now_ms());
  if (waited_ms < kLongLagMs)
    co_return note(cross, "paid; " + cross.to.url() + " has not seen it yet");
  CO_TRY(why, evidence(cross));
  if (cross.operation.state == OperationState::needs_attention && cross.operation.note == why)
    co_return Result<>{};
  CO_TRY_OK(remember_failure(cross, cross.to.url() + " does not see what it is paid"));
  cross.operation.state = OperationState::needs_attention;
  co_return note(cross, std::move(why));
}

// Once more for what was asked for and not begun, where there is time.
rt::Task<> begin_round(Cross& cross) {
  if (cross.books.now_ms() > cross.transfer.deadline_ms)
    co_return call_off(cross.books, cross.operation, "it was too late to begin with it");
  auto armed = co_await arm(cross);
  if (armed) co_return armed;
  const Error why = armed.error();
  switch (why.code) {
    case Code::denied:
    case Code::unsupported:
    case Code::payment_needed:
    case Code::bad_input:
    case Code::not_found:
    case Code::peer_fault:
      co_return call_off(cross.books, cross.operation, why.detail);
    default:
      break;
  }
  if (!may_pass(why.code)) co_return armed;
  ++cross.transfer.tries;
  cross.operation.note = why.detail;
  CO_TRY_OK(save(cross));
  if (cross.transfer.tries >= kMostTries)
    co_return call_off(cross.books, cross.operation, why.detail);
  co_return Result<>{};
}

}  // namespace

Result<Operation> begin_cross_swap(Books& books, KnownMint& from, KnownMint& to, NewOperation asked,
                                   const CrossTerms& terms) {
  if (from.id() == to.id()) return fail(Code::bad_input, "from a mint to itself");
  if (terms.amount == Amount(0) || terms.amount.value() > INT64_MAX / 1000)
    return fail(Code::bad_input, "an amount of at least 1 sat");
  if (terms.most_fee.value() > INT64_MAX) return fail(Code::bad_input, "no such fee");
  TRY(trusted, books.mints.is_trusted(to.url()));
  if (!trusted)
    return fail(Code::denied, "not a trusted mint: " + to.url() + " (wallet mints add URL)");
  asked.kind = OperationKind::cross_swap;
  asked.mint = from.id();
  asked.amount = terms.amount;
  // Durable with its first part, before anything is asked of a mint.
  TRY(transaction, books.db.begin(db::Durable::with_the_next));
  TRY(operation, books.operations.begin(asked, books.now_ms()));
  TRY_OK(books.transfers.begin(
      {operation.id, from.id(), to.id(), terms.most_fee, books.now_ms() + kInTimeMs}));
  TRY_OK(transaction.commit());
  return operation;
}

rt::Task<> arm_cross_swap(Books& books, Mints& mints, Operation& operation, rt::Duration patience,
                          std::stop_token stop) {
  CO_TRY(cross, take_up(books, mints, operation, patience, std::move(stop)));
  for (;;) {
    auto armed = co_await arm(cross);
    if (armed || !may_pass(armed.error().code)) co_return armed;
    // An answer that was lost is asked for once more; a mint that is away is left.
    if (++cross.transfer.tries > 1) {
      CO_TRY_OK(remember_failure(cross, armed.error().detail));
      co_return armed;
    }
  }
}

Result<> call_off(Books& books, Operation& operation, std::string why) {
  if (operation.stage != Stage::begun && operation.stage != Stage::quoted)
    return fail(Code::denied, "money is on its way");
  TRY(transaction, books.db.begin());
  TRY(parts, books.operations.parts_of(operation.id));
  for (Operation& one : parts)
    if (one.kind == OperationKind::mint && !one.has_ended()) TRY_OK(end_mint(books, one, why));
  TRY(cost, cost_of(books, operation.id));
  operation.state = OperationState::failed;
  operation.stage = Stage::undone;
  operation.fee = cost;
  operation.note = std::move(why);
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return transaction.commit();
}

rt::Task<> cross_round(Books& books, Mints& mints, Operation& operation, rt::Duration patience,
                       std::stop_token stop) {
  CO_TRY(cross, take_up(books, mints, operation, patience, std::move(stop)));
  for (;;) {
    const Stage before = operation.stage;
    switch (before) {
      case Stage::begun:
      case Stage::quoted:
        CO_TRY_OK(co_await begin_round(cross));
        break;
      case Stage::requested:
        CO_TRY_OK(co_await payment_round(cross));
        break;
      case Stage::paid:
        CO_TRY_OK(co_await claim_round(cross));
        break;
      default:
        co_return fail(Code::corrupt, "wallet.db: a swap between mints that is nowhere");
    }
    // As far as it goes without waiting.
    if (operation.has_ended() || operation.stage == before) co_return Result<>{};
  }
}

Result<> note_cost(Books& books, OperationId id) {
  TRY(found, books.operations.find(id));
  if (!found || found->state != OperationState::done) return {};
  TRY(cost, cost_of(books, id));
  if (cost == found->fee) return {};
  found->fee = cost;
  return books.operations.update(*found, books.now_ms());
}

}  // namespace archy::wallet
