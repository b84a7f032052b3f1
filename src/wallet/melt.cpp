#include "wallet/melt.hpp"

#include "base/test_hooks.hpp"
#include "cashu/mint_error.hpp"
#include "wallet/bodies.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;
using cashu::QuoteState;
using Outcome = Sending::Outcome;

// Before a quote ends the same bytes may be sent again; later the mint might be half-way past it.
constexpr std::uint64_t kReplayMarginS = 10;
// Ecash that is worth less than a fence costs is released when the quote has been dead that long.
constexpr std::uint64_t kDustRestS = std::uint64_t{24} * 3600;

// One melt while it is looked at.
struct Melt {
  Books& books;
  KnownMint& mint;
  Operation& operation;
  StoredRequest request;  // the melt's own
  Quote quote;
  std::vector<cashu::Proof> inputs;
  rt::Duration patience;
  std::stop_token stop;
};

Amount sum_of(std::span<const cashu::Proof> proofs) {
  Amount out;
  // Our own rows: their sum was checked when they were put in.
  for (const cashu::Proof& proof : proofs) out = out.plus(proof.amount).value_or(out);
  return out;
}

Result<> note(Books& books, Operation& operation, std::string why) {
  operation.note = std::move(why);
  return books.operations.update(operation, books.now_ms());
}

// A note that is read again in each round says a thing once.
std::string with(std::string why, std::string_view more) {
  if (why.find(more) != std::string::npos) return why;
  if (!why.empty()) why += "; ";
  return why.append(more);
}

std::int64_t signed_of(Amount amount) { return static_cast<std::int64_t>(amount.value()); }

// Proofs of change, each beside the blank it belongs to.
std::vector<NewProof> with_counters(std::span<const PlannedOutput> blanks,
                                    std::vector<cashu::CheckedProof> proofs) {
  std::vector<NewProof> out;
  for (cashu::CheckedProof& proof : proofs) {
    const std::string& secret = proof.proof().secret.reveal();
    for (const PlannedOutput& blank : blanks) {
      if (blank.output.factors.secret.reveal() != secret) continue;
      out.push_back(new_proof(blank, std::move(proof)));
      break;
    }
  }
  return out;
}

Amount sum_of(std::span<const NewProof> proofs) {
  Amount out;
  for (const NewProof& proof : proofs) out = out.plus(proof.proof.proof().amount).value_or(out);
  return out;
}

// The change that an answer carries. What is wrong of it is left out.
struct GivenChange {
  std::vector<NewProof> proofs;
  bool doubtful = false;  // some of it was wrong, or there is none at all
};
GivenChange change_in(Melt& melt, std::span<const cashu::BlindSignature> signatures) {
  const auto& blanks = melt.request.outputs();
  if (test_hooks::planted("wallet_change_dropped")) return {};
  auto change = cashu::accept_change(prepared_of(blanks), signatures, melt.mint.keysets(),
                                     melt.mint.dleq_rule());
  if (!change) return {{}, true};
  const bool doubtful = change->refused > 0 || (signatures.empty() && !blanks.empty());
  return {with_counters(blanks, std::move(change->proofs)), doubtful};
}

rt::Task<GivenChange> asked_change(Melt& melt) {
  CO_TRY(text, co_await melt.mint.client().get(melt_quote_path(melt.quote), melt.stop));
  CO_TRY(said, cashu::parse_melt_quote(text));
  co_return change_in(melt, said.change);
}

// What restore has of the blanks. Each by its own place: any of them may be missing.
rt::Task<std::vector<NewProof>> restored_change(Melt& melt) {
  std::vector<NewProof> out;
  const auto prepared = prepared_of(melt.request.outputs());
  if (prepared.empty()) co_return out;
  CO_TRY(restored,
         co_await restore_outputs(melt.mint, messages_of(melt.request.outputs()), melt.stop));
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (!restored.signatures[i]) continue;
    auto change = cashu::accept_change({&prepared[i], 1}, {&*restored.signatures[i], 1},
                                       melt.mint.keysets(), melt.mint.dleq_rule());
    if (!change) continue;
    for (cashu::CheckedProof& proof : change->proofs)
      out.push_back(new_proof(melt.request.outputs()[i], std::move(proof)));
  }
  co_return out;
}

// The least that must come back: all but the amount, the input fee and the whole reserve.
Amount least_change(const Melt& melt) {
  const auto fee = melt.mint.input_fee(melt.inputs);
  if (melt.request.outputs().empty()) return Amount(0);
  Amount out = sum_of(melt.inputs);
  for (const Amount less : {melt.quote.amount, melt.quote.fee_reserve, fee.value_or(Amount(0))})
    out = out.minus(less).value_or(Amount(0));
  return out;
}

// Whether what was spent is enough for both.
bool covers(Amount spent, Amount paid, Amount back) {
  const auto all = paid.plus(back);
  return all && *all <= spent;
}

// The invoice is paid: in one transaction, with the change that there is.
Result<> book_paid(Melt& melt, std::span<const NewProof> change, bool all_change,
                   const std::optional<std::string>& preimage) {
  const Amount spent = sum_of(melt.inputs);
  const Amount back = sum_of(change);
  TRY(transaction, melt.books.db.begin(durability_of(melt.operation.part_of)));
  TRY_OK(melt.books.journal.settle(melt.request));
  TRY_OK(melt.books.proofs.settle(melt.operation.id, ProofState::reserved, ProofState::spent));
  TRY_OK(melt.books.proofs.put(melt.operation.id, change));
  if (preimage && !preimage->empty())
    TRY_OK(melt.books.operations.set_preimage(melt.operation.id, *preimage));
  Operation& operation = melt.operation;
  operation.state = all_change ? OperationState::done : OperationState::open;
  operation.stage = all_change ? Stage::settled : Stage::paid;
  operation.fee = Amount(spent.value() - melt.quote.amount.value() - back.value());
  operation.note = all_change ? "" : "paid; the mint has not given all change back yet";
  TRY_OK(
      melt.books.operations.enter({operation.id, operation.mint, signed_of(back) - signed_of(spent),
                                   operation.fee, melt.books.now_ms()}));
  TRY_OK(melt.books.operations.update(operation, melt.books.now_ms()));
  return transaction.commit();
}

rt::Task<> on_paid(Melt& melt, cashu::MeltQuote said) {
  // The mint may have rotated since: then the change is of a keyset that is not known yet.
  for (const cashu::BlindSignature& signature : said.change)
    if (melt.mint.keysets().find(signature.keyset) == nullptr) {
      auto refreshed = co_await melt.mint.refresh(melt.stop);
      (void)refreshed;  // what cannot be read now is fetched later
      break;
    }
  auto [change, doubtful] = change_in(melt, said.change);
  if (doubtful || sum_of(change) < least_change(melt)) {
    // The quote says it again, and a mint with NUT-09 has it for ever.
    auto again = co_await asked_change(melt);
    if (again && sum_of(again->proofs) > sum_of(change)) change = std::move(again->proofs);
    auto restored = co_await restored_change(melt);
    if (restored && sum_of(*restored) > sum_of(change)) change = std::move(*restored);
    doubtful = !restored && restored.error().code != Code::unsupported;
  }
  const bool all = !doubtful && sum_of(change) >= least_change(melt);
  // More change than was too much: the mint's books, not ours; but nothing is worth such a fee.
  if (!covers(sum_of(melt.inputs), melt.quote.amount, sum_of(change))) {
    melt.operation.state = OperationState::needs_attention;
    co_return note(melt.books, melt.operation, "the mint gives more change than there was");
  }
  co_return book_paid(melt, change, all, said.preimage);
}

// Nothing was paid and nothing will be: the inputs are free.
Result<> release(Melt& melt, std::string why) {
  TRY(transaction, melt.books.db.begin());
  TRY_OK(melt.books.journal.give_up(melt.request));
  TRY_OK(melt.books.proofs.settle(melt.operation.id, ProofState::reserved, ProofState::spendable));
  melt.operation.state = OperationState::failed;
  melt.operation.stage = Stage::undone;
  TRY_OK(note(melt.books, melt.operation, std::move(why)));
  return transaction.commit();
}

// The inputs are swapped to ourselves, so that the melt cannot succeed any more.
Result<> begin_fence(Melt& melt, std::string why) {
  if (test_hooks::planted("wallet_no_fence")) return release(melt, std::move(why));
  const Amount sum = sum_of(melt.inputs);
  TRY(fee, melt.mint.input_fee(melt.inputs));
  const auto keep = sum.minus(fee);
  if (!keep || *keep == Amount(0)) {
    if (melt.quote.expiry && melt.books.now_s() > *melt.quote.expiry + kDustRestS)
      return release(melt, std::move(why));
    return note(melt.books, melt.operation, why + "; too small to be fenced off: it rests");
  }
  TRY(transaction, melt.books.db.begin());
  melt.operation.note = std::move(why);
  TRY(stored, store_exchange(melt.books, melt.mint, std::move(transaction), melt.operation,
                             {.keep = *keep}, Stage::fencing));
  return {};
}

// The inputs were spent before, and not by this melt.
rt::Task<> on_gone(Melt& melt, std::string why) {
  const auto ys = ys_of(melt.inputs);
  CO_TRY(states, co_await ask_states(melt.mint, ys, melt.stop));
  std::vector<crypto::Point> gone;
  for (std::size_t i = 0; i < ys.size(); ++i)
    if (states[i] == cashu::SpendState::spent) gone.push_back(ys[i]);
  CO_TRY(transaction, melt.books.db.begin());
  CO_TRY(lost, melt.books.proofs.mark_spent(melt.operation.id, gone));
  if (lost > Amount(0))
    CO_TRY_OK(melt.books.operations.enter({melt.operation.id, melt.operation.mint, -signed_of(lost),
                                           Amount(0), melt.books.now_ms()}));
  CO_TRY_OK(release(melt, std::move(why)));
  co_return transaction.commit();
}

// What an answer of the mint about the quote means, if it means an end.
enum class Said : unsigned char { paid, waiting, not_paid };
Said reading_of(QuoteState state) {
  if (state == QuoteState::paid) return Said::paid;
  if (state == QuoteState::unpaid || state == QuoteState::failed) return Said::not_paid;
  return Said::waiting;
}

struct Checked {
  Said quote = Said::waiting;
  std::optional<cashu::MeltQuote> answer;
  Witnessed inputs = Witnessed::unclear;
  std::string why;
};

// Quote and inputs, which must agree. A quote that the mint does not know (any more) was not paid.
rt::Task<Checked> check(Melt& melt) {
  Checked out;
  auto text = co_await melt.mint.client().get(melt_quote_path(melt.quote), melt.stop);
  if (text) {
    auto answer = cashu::parse_melt_quote(*text);
    if (!answer) {
      out.why = answer.error().detail;
      co_return out;
    }
    out.quote = reading_of(answer->state);
    out.answer = std::move(*answer);
  } else if (text.error().code == Code::bad_input || text.error().code == Code::not_found) {
    out.quote = Said::not_paid;
  } else {
    out.why = text.error().detail;
    co_return out;
  }
  if (out.quote != Said::not_paid) co_return out;
  auto states = co_await ask_states(melt.mint, ys_of(melt.inputs), melt.stop);
  if (!states)
    out.why = states.error().detail;
  else
    out.inputs = judge_states(*states);
  co_return out;
}

bool may_replay(const Melt& melt) {
  return melt.quote.expiry && melt.books.now_s() + kReplayMarginS < *melt.quote.expiry;
}

// The bytes leave, for the first time or again.
rt::Task<> send_melt(Melt& melt);

// What the last answer says of a payment that is not PAID.
enum class Refused : unsigned char { before_trying, perhaps_tried, inputs_spent };

// New blanks in the active keyset for the same inputs and quote: the mint refused the old ones, and
// nothing was done for them.
rt::Task<> send_anew(Melt& melt, std::string why);

rt::Task<> after_sending(Melt& melt, Refused how, std::string why) {
  CO_TRY(checked, co_await check(melt));
  if (checked.quote == Said::paid) co_return co_await on_paid(melt, std::move(*checked.answer));
  why = with(std::move(why), checked.why);
  if (checked.quote == Said::waiting || checked.inputs == Witnessed::unclear)
    co_return note(melt.books, melt.operation, why.empty() ? "the payment is on its way" : why);
  if (checked.inputs == Witnessed::done) {
    if (how == Refused::inputs_spent) co_return co_await on_gone(melt, std::move(why));
    CO_TRY(doubted, melt.books.recoveries.concerns(melt.operation));
    if (doubted)
      co_return co_await on_gone(melt,
                                 with(std::move(why), "a newer copy of this wallet spent it"));
    // The mint has the inputs, and says that it has not paid: it is asked until it decides.
    if (melt.quote.expiry && melt.books.now_s() > *melt.quote.expiry + kDustRestS)
      melt.operation.state = OperationState::needs_attention;
    co_return note(melt.books, melt.operation,
                   with(std::move(why), "the inputs are spent, and the quote is not paid"));
  }
  if (how != Refused::inputs_spent && may_replay(melt)) {
    CO_TRY_OK(co_await melt.mint.refresh(melt.stop));
    if (!signs_still(melt.mint, melt.request)) co_return co_await send_anew(melt, std::move(why));
  }
  CO_TRY(under_way, may_be_under_way(melt.books, melt.operation));
  if (how == Refused::before_trying && !under_way) co_return release(melt, std::move(why));
  co_return begin_fence(melt, std::move(why));
}

rt::Task<> send_melt(Melt& melt) {
  // This request, or one before it with other blanks.
  CO_TRY(under_way, may_be_under_way(melt.books, melt.operation));
  const bool sent_before = under_way || melt.request.was_sent();
  CO_TRY(sending, co_await melt.mint.client().send(melt.request, melt.patience, melt.stop));
  switch (sending.outcome) {
    case Outcome::not_sent:
      if (!sent_before) co_return release(melt, std::move(sending.why));
      co_return note(melt.books, melt.operation, std::move(sending.why));
    case Outcome::unknown: {
      CO_TRY(checked, co_await check(melt));
      if (checked.quote == Said::paid) co_return co_await on_paid(melt, std::move(*checked.answer));
      co_return note(melt.books, melt.operation, std::move(sending.why));
    }
    case Outcome::answered: {
      auto said = cashu::parse_melt_quote(sending.body);
      if (!said) co_return note(melt.books, melt.operation, said.error().detail);
      CO_TRY_OK(melt.books.journal.note_answer(melt.request));
      switch (reading_of(said->state)) {
        case Said::paid:
          co_return co_await on_paid(melt, std::move(*said));
        case Said::waiting:
          co_return note(melt.books, melt.operation, "the payment is on its way");
        case Said::not_paid:
          co_return co_await after_sending(melt, Refused::perhaps_tried,
                                           "the mint could not pay the invoice");
      }
      break;
    }
    case Outcome::refused: {
      // As if it had been sent before: what carries it may have carried it twice.
      const auto error = cashu::classify(sending.refusal.code, true);
      const std::string why = "the mint says: " + sending.refusal.detail + " (" +
                              std::to_string(sending.refusal.code) + ")";
      if (error.error_class == cashu::ErrorClass::wait)
        co_return note(melt.books, melt.operation, why);
      const bool definite = error.error_class == cashu::ErrorClass::definite;
      const Refused how = error.code == 11001 && !sent_before ? Refused::inputs_spent
                          : definite && error.remedy != cashu::Remedy::check_quote
                              ? Refused::before_trying
                              : Refused::perhaps_tried;
      co_return co_await after_sending(melt, how, why);
    }
  }
  co_return Result<>{};
}

rt::Task<> send_anew(Melt& melt, std::string why) {
  CO_TRY(fee, melt.mint.input_fee(melt.inputs));
  CO_TRY(bill,
         cashu::melt_bill(sum_of(melt.inputs), melt.quote.amount, melt.quote.fee_reserve, fee));
  CO_TRY(transaction, melt.books.db.begin());
  CO_TRY_OK(melt.books.journal.refuse(melt.request));
  melt.operation.note = std::move(why);
  CO_TRY(draft, draft_melt(melt.books, melt.mint, melt.operation, bill));
  CO_TRY(stored,
         melt.books.journal.store(std::move(transaction), std::move(draft), melt.books.now_ms()));
  melt.request = std::move(stored);
  co_return co_await send_melt(melt);
}

// A round of a melt that was sent, in this run of the program or an earlier one.
rt::Task<> ask_again(Melt& melt) {
  CO_TRY(checked, co_await check(melt));
  if (checked.quote == Said::paid && test_hooks::planted("wallet_pays_again"))
    co_return co_await send_melt(melt);
  if (checked.quote == Said::paid) co_return co_await on_paid(melt, std::move(*checked.answer));
  const bool untouched = checked.quote == Said::not_paid && checked.inputs == Witnessed::not_done;
  if (untouched && melt.request.is_unanswered() && may_replay(melt))
    co_return co_await send_melt(melt);
  co_return co_await after_sending(melt, Refused::perhaps_tried, melt.operation.note);
}

rt::Task<Witnessed> ask_inputs(Melt& melt, std::stop_token stop) {
  CO_TRY(states, co_await ask_states(melt.mint, ys_of(melt.inputs), stop));
  co_return judge_states(states);
}

// The fence is gone on with; what it says of the melt.
rt::Task<> fence_round(Melt& melt, StoredRequest fence) {
  AskWitness ask = [&melt](std::stop_token stop) { return ask_inputs(melt, stop); };
  CO_TRY(findings, co_await find_out(melt.mint, melt.books, fence, melt.patience, ask, melt.stop));
  const bool undecided = findings.fate == Fate::waiting || findings.fate == Fate::never_left ||
                         findings.fate == Fate::refused;
  if (undecided) co_return note(melt.books, melt.operation, std::move(findings.why));
  // Executed, and its ecash is not to be had: the same bytes are sent again in each round.
  if (findings.fate == Fate::contradiction) {
    melt.operation.state = OperationState::needs_attention;
    co_return note(melt.books, melt.operation, std::move(findings.why));
  }
  if (findings.fate == Fate::retired_keyset) {
    CO_TRY_OK(co_await melt.mint.refresh(melt.stop));
    if (signs_still(melt.mint, fence))
      co_return note(melt.books, melt.operation, std::move(findings.why));
  }
  CO_TRY(requests, melt.books.journal.requests_of(melt.operation.id));
  const bool decided = findings.fate == Fate::signed_ || findings.fate == Fate::inputs_gone;
  if (!decided && requests.size() >= kMostRequests) {
    melt.operation.state = OperationState::needs_attention;
    co_return note(melt.books, melt.operation, std::move(findings.why));
  }
  CO_TRY(transaction, melt.books.db.begin());
  if (findings.fate == Fate::signed_) {
    std::vector<NewProof> proofs;
    for (std::size_t i = 0; i < findings.proofs.size(); ++i)
      proofs.push_back(new_proof(fence.outputs()[i], std::move(findings.proofs[i])));
    const Amount spent = sum_of(melt.inputs);
    const Amount back = sum_of(proofs);
    CO_TRY_OK(melt.books.journal.settle(fence));
    CO_TRY_OK(melt.books.journal.refuse(melt.request));
    CO_TRY_OK(melt.books.proofs.settle(melt.operation.id, ProofState::reserved, ProofState::spent));
    CO_TRY_OK(melt.books.proofs.put(melt.operation.id, proofs));
    melt.operation.fee = spent.minus(back).value_or(Amount(0));
    melt.operation.state = OperationState::failed;
    melt.operation.stage = Stage::undone;
    CO_TRY_OK(melt.books.operations.enter({melt.operation.id, melt.operation.mint,
                                           signed_of(back) - signed_of(spent), melt.operation.fee,
                                           melt.books.now_ms()}));
    CO_TRY_OK(melt.books.operations.update(melt.operation, melt.books.now_ms()));
    co_return transaction.commit();
  }
  // The melt has the inputs, or the fence has to be made anew: the quote is asked again.
  CO_TRY_OK(melt.books.journal.refuse(fence));
  melt.operation.stage = Stage::requested;
  CO_TRY_OK(note(melt.books, melt.operation, std::move(findings.why)));
  co_return transaction.commit();
}

// Change from both who may know of it: the quote, and a mint that restores.
struct LateChange {
  std::vector<NewProof> proofs;
  std::optional<Error> missed;  // one of them may answer another time
};
// Errors: neither has answered.
rt::Task<LateChange> late_change(Melt& melt) {
  LateChange out;
  auto asked = co_await asked_change(melt);
  if (asked) out.proofs = std::move(asked->proofs);
  auto restored = co_await restored_change(melt);
  const bool cannot = !restored && restored.error().code == Code::unsupported;
  if (!asked && !restored) co_return fail(cannot ? asked.error() : restored.error());
  if (restored)
    for (NewProof& proof : *restored) out.proofs.push_back(std::move(proof));
  const bool forgotten =
      !asked && (asked.error().code == Code::not_found || asked.error().code == Code::bad_input);
  if (!asked && !forgotten) out.missed = asked.error();
  if (!restored && !cannot) out.missed = restored.error();
  co_return out;
}

// Paid and booked; only change is missing.
rt::Task<> change_round(Melt& melt) {
  Amount had;
  CO_TRY(spent, melt.books.proofs.held(melt.operation.id, ProofState::spent));
  melt.inputs = std::move(spent);
  const Amount sum = sum_of(melt.inputs);
  had = Amount(sum.value() - melt.quote.amount.value() - melt.operation.fee.value());
  CO_TRY_OK(co_await melt.mint.refresh(melt.stop));
  CO_TRY(found, co_await late_change(melt));
  CO_TRY(transaction, melt.books.db.begin());
  const Amount before = had;
  for (const NewProof& proof : found.proofs) {
    CO_TRY(added, melt.books.proofs.put_missing(melt.operation.id, {&proof, 1}));
    if (added > 0) had = had.plus(proof.proof.proof().amount).value_or(had);
  }
  // Who has not answered yet may know of more.
  if (found.missed && had < least_change(melt)) co_return fail(*found.missed);
  if (!covers(sum, melt.quote.amount, had))
    co_return fail(Code::peer_fault, "the mint gives more change than there was");
  Operation& operation = melt.operation;
  operation.fee = Amount(sum.value() - melt.quote.amount.value() - had.value());
  operation.state = OperationState::done;
  operation.stage = Stage::settled;
  operation.note = had < least_change(melt)
                       ? "the mint kept more than its reserve: " +
                             std::to_string(least_change(melt).value() - had.value()) +
                             " sat of change are missing"
                       : "";
  if (had > before)
    CO_TRY_OK(melt.books.operations.enter({operation.id, operation.mint,
                                           signed_of(had) - signed_of(before), Amount(0),
                                           melt.books.now_ms()}));
  CO_TRY_OK(melt.books.operations.update(operation, melt.books.now_ms()));
  co_return transaction.commit();
}

}  // namespace

Result<Draft> draft_melt(Books& books, KnownMint& mint, Operation& operation,
                         const cashu::MeltBill& bill) {
  TRY(quote, books.operations.quote(operation.id));
  if (!quote) return fail(Code::internal, "a melt without a quote");
  TRY(inputs, books.proofs.held(operation.id, ProofState::reserved));
  TRY(keyset, mint.for_outputs());
  TRY(blanks, plan_blanks(books, *keyset, mint.info().change ? bill.blank_outputs : 0));
  operation.stage = Stage::requested;
  TRY_OK(books.operations.update(operation, books.now_ms()));
  auto body = cashu::melt_body(quote->id.reveal(), inputs, messages_of(blanks), false);
  return Draft{operation.id, std::string(kMeltPath), body, std::move(blanks)};
}

rt::Task<> melt_round(Books& books, KnownMint& mint, Operation& operation, rt::Duration patience,
                      std::stop_token stop) {
  CO_TRY(requests, books.journal.requests_of(operation.id));
  std::optional<StoredRequest> melt_request, fence;
  for (StoredRequest& request : requests) {
    if (request.path() == kMeltPath)
      melt_request = std::move(request);
    else if (request.state() == RequestState::armed || request.state() == RequestState::sent)
      fence = std::move(request);
  }
  CO_TRY(quote, books.operations.quote(operation.id));
  if (!melt_request || !quote) co_return fail(Code::internal, "a melt without its request");
  CO_TRY(inputs, books.proofs.held(operation.id, ProofState::reserved));
  Melt melt{
      books,    mint, operation, std::move(*melt_request), std::move(*quote), std::move(inputs),
      patience, stop};
  if (operation.stage == Stage::paid) co_return co_await change_round(melt);
  if (fence) co_return co_await fence_round(melt, std::move(*fence));
  if (!melt.request.was_sent()) co_return co_await send_melt(melt);
  co_return co_await ask_again(melt);
}

}  // namespace archy::wallet
