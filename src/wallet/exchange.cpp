#include "wallet/exchange.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"
#include "cashu/mint_answers.hpp"
#include "cashu/token.hpp"
#include "wallet/bodies.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// A request that was sent so often, for so long, and is neither signed nor refused is fenced off.
constexpr std::int64_t kMostSendings = 20;
constexpr std::int64_t kLongestMs = std::int64_t{60} * 60 * 1000;
// Another device with the same words took these: go past them, twice as far each time.
constexpr std::uint64_t kCounterLeap = 100;

bool spends_ours(const Operation& operation) {
  return operation.kind == OperationKind::swap || operation.kind == OperationKind::send;
}

Result<Amount> sum_of(std::span<const cashu::Proof> proofs) {
  std::vector<Amount> amounts;
  for (const cashu::Proof& proof : proofs) amounts.push_back(proof.amount);
  return cashu::sum(amounts);
}

// What the operation spends. Of a receive that is the token's value, which it was begun with.
Result<Amount> spent_by(Books& books, const Operation& operation) {
  if (operation.kind == OperationKind::mint) return Amount(0);
  if (operation.kind == OperationKind::receive) return operation.amount;
  TRY(inputs, inputs_of(books, operation));
  return sum_of(inputs);
}

Amount difference(Amount more, Amount less) { return more.minus(less).value_or(Amount(0)); }

std::int64_t change_of(Amount before, Amount after) {
  return static_cast<std::int64_t>(after.value()) - static_cast<std::int64_t>(before.value());
}

// Proofs to put in, in the outputs' order.
std::vector<NewProof> new_proofs(const StoredRequest& request,
                                 std::vector<cashu::CheckedProof> checked) {
  std::vector<NewProof> out;
  for (std::size_t i = 0; i < checked.size(); ++i)
    out.push_back(new_proof(request.outputs()[i], std::move(checked[i])));
  return out;
}

// What was given of a send becomes its token.
Result<> keep_token(Books& books, const KnownMint& mint, Operation& operation,
                    std::span<const NewProof> proofs) {
  cashu::Token token{mint.url(), std::string(kUnit), operation.memo, {}};
  for (const NewProof& proof : proofs)
    if (proof.give) token.proofs.push_back(proof.proof.proof());
  TRY(text, cashu::to_string(token));
  operation.stage = Stage::handed;
  return books.operations.keep_token(operation.id, text);
}

// What became of the token that the operation takes back.
Result<> end_token(Books& books, const Operation& operation, Stage stage) {
  TRY(giver, books.operations.find(*operation.takes_back));
  if (!giver) return fail(Code::corrupt, "wallet.db: a token that was taken back is not there");
  giver->stage = stage;
  return books.operations.update(*giver, books.now_ms());
}

// Everything that the answer means, or nothing of it. `instead`: a later request of the same
// inputs, which can then never be executed.
Result<> book_signed(Books& books, const KnownMint& mint, Operation& operation,
                     const StoredRequest& request, std::vector<cashu::CheckedProof> checked,
                     const StoredRequest* instead = nullptr) {
  const auto proofs = new_proofs(request, std::move(checked));
  TRY(spent, spent_by(books, operation));
  Amount got;
  for (const NewProof& proof : proofs) {
    const auto more = got.plus(proof.proof.proof().amount);
    if (!more) return fail(Code::peer_fault, "more ecash than 64 bits hold");
    got = *more;
  }
  TRY(transaction, books.db.begin(durability_of(operation.part_of)));
  TRY_OK(books.journal.settle(request));
  if (instead != nullptr) TRY_OK(books.journal.give_up(*instead));
  TRY_OK(books.proofs.settle(operation.id, ProofState::reserved, ProofState::spent));
  if (test_hooks::planted("wallet_books_in_two")) {
    TRY_OK(transaction.commit());
    TRY(second, books.db.begin());
    TRY_OK(books.proofs.put(operation.id, proofs));
    TRY_OK(second.commit());
    return fail(Code::io, "booked by halves");
  }
  TRY_OK(books.proofs.put(operation.id, proofs));
  // What was only to be fenced off has failed, and its ecash is here again.
  const bool fenced = operation.stage == Stage::fencing && instead == nullptr;
  operation.state = fenced ? OperationState::failed : OperationState::done;
  operation.stage = fenced ? Stage::undone : Stage::settled;
  // Of a receive nothing was ours before, and the claim of a mint spends nothing.
  const bool own = spends_ours(operation);
  if (operation.kind != OperationKind::mint) operation.fee = difference(spent, got);
  // A quote may have been paid more than it was for.
  if (operation.kind == OperationKind::receive || operation.kind == OperationKind::mint)
    operation.amount = got;
  if (operation.kind == OperationKind::send && !fenced)
    TRY_OK(keep_token(books, mint, operation, proofs));
  else if (!fenced)
    operation.note.clear();
  if (operation.takes_back) TRY_OK(end_token(books, operation, Stage::undone));
  TRY_OK(
      books.operations.enter({operation.id, operation.mint, change_of(own ? spent : Amount(0), got),
                              operation.fee, books.now_ms()}));
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return transaction.commit();
}

// Nothing is decided: what is waited for.
Result<> note(Books& books, Operation& operation, const Findings& findings) {
  operation.note = findings.why;
  return books.operations.update(operation, books.now_ms());
}

// Nothing was done: the inputs are what they were before.
Result<> undo(Books& books, Operation& operation, const StoredRequest& request, ProofState to,
              std::string why) {
  TRY(transaction, books.db.begin());
  TRY_OK(books.journal.give_up(request));
  if (operation.takes_back && to == ProofState::spendable)
    TRY_OK(books.proofs.give_back(operation.id, *operation.takes_back));
  else
    TRY_OK(books.proofs.settle(operation.id, ProofState::reserved, to));
  // What is paid and not issued to whoever was first can still be claimed with other outputs.
  const bool claim = operation.kind == OperationKind::mint;
  operation.state = claim ? OperationState::open : OperationState::failed;
  operation.stage = claim ? Stage::quoted : Stage::undone;
  operation.note = std::move(why);
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return transaction.commit();
}

// Some of the inputs were spent, and not by us: which ones, and the rest is free again.
rt::Task<> book_gone(Books& books, KnownMint& mint, Operation& operation,
                     const StoredRequest& request, std::string why, std::stop_token stop) {
  CO_TRY(inputs, inputs_of(books, operation));
  const auto ys = ys_of(inputs);
  CO_TRY(states, co_await ask_states(mint, ys, stop));
  std::vector<crypto::Point> gone;
  for (std::size_t i = 0; i < ys.size(); ++i)
    if (states[i] == cashu::SpendState::spent) gone.push_back(ys[i]);
  CO_TRY(transaction, books.db.begin());
  CO_TRY(lost, books.proofs.mark_spent(operation.id, gone));
  if (lost > Amount(0))
    CO_TRY_OK(books.operations.enter(
        {operation.id, operation.mint, change_of(lost, Amount(0)), Amount(0), books.now_ms()}));
  // Where only a part was redeemed, the rest is out as before.
  if (operation.takes_back && gone.size() == ys.size())
    CO_TRY_OK(end_token(books, operation, Stage::redeemed));
  CO_TRY_OK(undo(books, operation, request, ProofState::spendable, std::move(why)));
  co_return transaction.commit();
}

// The same sums with new secrets: attempt 2 of an operation whose first body nobody will execute.
Result<StoredRequest> store_again(Books& books, KnownMint& mint, Operation& operation,
                                  const StoredRequest& request, Fate fate) {
  TRY(plan, plan_again(request.outputs()));
  TRY(requests, books.journal.requests_of(operation.id));
  const std::uint64_t leap = kCounterLeap << std::min(requests.size() - 1, kMostRequests);
  TRY(transaction, books.db.begin());
  TRY_OK(books.journal.refuse(request));
  if (fate == Fate::counter_behind) {
    for (const PlannedOutput& planned : request.outputs())
      if (planned.counter)
        TRY_OK(books.mints.advance_counter(planned.output.message.keyset, *planned.counter + leap));
  }
  return store_exchange(books, mint, std::move(transaction), operation, plan, operation.stage);
}

// A request that is refused while a copy was on its way without an answer, or that the mint never
// decides: its inputs are free only when they have been swapped to ourselves, since that copy
// cannot succeed any more then.
Result<StoredRequest> store_fence(Books& books, KnownMint& mint, Operation& operation,
                                  const StoredRequest& request, std::string why) {
  TRY(inputs, inputs_of(books, operation));
  TRY(sum, sum_of(inputs));
  TRY(fee, mint.input_fee(inputs));
  const auto keep = sum.minus(fee);
  if (!keep || *keep == Amount(0))
    return fail(Code::unsupported, "the inputs are worth less than the mint's fee");
  TRY(transaction, books.db.begin());
  TRY_OK(books.journal.refuse(request));
  operation.note = std::move(why);
  TRY(fence, store_exchange(books, mint, std::move(transaction), operation, {.keep = *keep},
                            Stage::fencing));
  return fence;
}

bool is_never_decided(const Books& books, const Operation& operation,
                      const StoredRequest& request) {
  return spends_ours(operation) && operation.stage == Stage::requested &&
         request.sendings() >= kMostSendings && books.now_ms() - request.created_ms() >= kLongestMs;
}

// What stands beside a claim's outputs: the quote, which says whether it was issued.
rt::Task<Witnessed> ask_quote(Books& books, KnownMint& mint, Operation operation,
                              std::stop_token stop) {
  CO_TRY(quote, books.operations.quote(operation.id));
  if (!quote) co_return fail(Code::corrupt, "wallet.db: a claim without its quote");
  CO_TRY(body, co_await mint.client().get(mint_quote_path(*quote), stop));
  CO_TRY(said, cashu::parse_mint_quote(body, quote->amount));
  if (said.state == cashu::QuoteState::pending) co_return Witnessed::unclear;
  co_return said.issued > Amount(0) ? Witnessed::done : Witnessed::not_done;
}

rt::Task<Witnessed> ask_inputs(Books& books, KnownMint& mint, Operation operation,
                               std::stop_token stop) {
  CO_TRY(inputs, inputs_of(books, operation));
  CO_TRY(states, co_await ask_states(mint, ys_of(inputs), stop));
  co_return judge_states(states);
}

}  // namespace

Result<std::optional<StoredRequest>> unfinished_request(Books& books, const Operation& operation) {
  TRY(requests, books.journal.requests_of(operation.id));
  for (StoredRequest& request : requests)
    if (request.state() == RequestState::armed || request.state() == RequestState::sent)
      return std::optional(std::move(request));
  return std::optional<StoredRequest>{};
}

Result<Draft> draft_exchange(Books& books, KnownMint& mint, Operation& operation,
                             const OutputPlan& plan, Stage stage) {
  TRY(keyset, mint.for_outputs());
  TRY(outputs, plan_outputs(books, *keyset, plan));
  TRY(draft, operation.kind == OperationKind::mint
                 ? draft_claim(books, operation, std::move(outputs))
                 : draft_swap(books, operation, std::move(outputs)));
  operation.stage = stage;
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return draft;
}

Result<StoredRequest> store_exchange(Books& books, KnownMint& mint, db::Transaction transaction,
                                     Operation& operation, const OutputPlan& plan, Stage stage) {
  TRY(draft, draft_exchange(books, mint, operation, plan, stage));
  return books.journal.store(std::move(transaction), std::move(draft), books.now_ms());
}

rt::Task<bool> rescue(Books& books, KnownMint& mint, Operation& operation,
                      const StoredRequest* last, std::stop_token stop) {
  CO_TRY(requests, books.journal.requests_of(operation.id));
  for (const StoredRequest& earlier : requests) {
    if (test_hooks::planted("wallet_reissue_without_restore")) break;
    if (earlier.state() != RequestState::refused) continue;
    CO_TRY(restored, co_await restore_outputs(mint, messages_of(earlier.outputs()), stop));
    if (restored.count != restored.signatures.size() || restored.count == 0) continue;
    std::vector<cashu::BlindSignature> all;
    for (const auto& signature : restored.signatures) all.push_back(*signature);
    CO_TRY(proofs, cashu::accept_signatures(prepared_of(earlier.outputs()), all, mint.keysets(),
                                            mint.dleq_rule()));
    CO_TRY_OK(book_signed(books, mint, operation, earlier, std::move(proofs), last));
    co_return true;
  }
  co_return false;
}

rt::Task<> exchange_round(Books& books, KnownMint& mint, Operation& operation,
                          rt::Duration patience, std::stop_token stop) {
  CO_TRY(unfinished, unfinished_request(books, operation));
  if (!unfinished) co_return fail(Code::internal, "an operation without a request to go on with");
  co_return co_await exchange_round(books, mint, operation, std::move(*unfinished), patience, stop);
}

rt::Task<> exchange_round(Books& books, KnownMint& mint, Operation& operation,
                          StoredRequest request, rt::Duration patience, std::stop_token stop) {
  for (;;) {
    AskWitness ask = [&](std::stop_token s) {
      return operation.kind == OperationKind::mint ? ask_quote(books, mint, operation, s)
                                                   : ask_inputs(books, mint, operation, s);
    };
    CO_TRY(findings, co_await find_out(mint, books, request, patience, ask, stop));
    switch (findings.fate) {
      case Fate::signed_:
        co_return book_signed(books, mint, operation, request, std::move(findings.proofs));
      case Fate::refused: {
        // What was paid for is asked for with the same bytes, until the mint gives it.
        const bool claim = operation.kind == OperationKind::mint;
        if (claim || operation.stage == Stage::fencing) co_return note(books, operation, findings);
        CO_TRY(under_way, may_be_under_way(books, operation));
        if (under_way && spends_ours(operation)) {
          CO_TRY(fence, store_fence(books, mint, operation, request, std::move(findings.why)));
          request = std::move(fence);
          continue;
        }
        co_return undo(books, operation, request, ProofState::spendable, std::move(findings.why));
      }
      case Fate::bad_proofs:
        if (operation.kind == OperationKind::mint) co_return note(books, operation, findings);
        co_return undo(books, operation, request, ProofState::quarantined, std::move(findings.why));
      case Fate::inputs_gone: {
        CO_TRY(rescued, co_await rescue(books, mint, operation, &request, stop));
        if (rescued) co_return Result<>{};
        co_return co_await book_gone(books, mint, operation, request, std::move(findings.why),
                                     stop);
      }
      case Fate::never_left: {
        // What others gave us, and what was paid for, is gone on with when the mint is back; so is
        // what an earlier request of the operation may have done.
        CO_TRY(under_way, may_be_under_way(books, operation));
        if (spends_ours(operation) && !under_way)
          co_return undo(books, operation, request, ProofState::spendable, std::move(findings.why));
        co_return note(books, operation, findings);
      }
      case Fate::waiting:
        if (findings.untouched && is_never_decided(books, operation, request)) {
          CO_TRY(fence, store_fence(books, mint, operation, request, std::move(findings.why)));
          request = std::move(fence);
          continue;
        }
        co_return note(books, operation, findings);
      case Fate::contradiction: {
        CO_TRY(rescued, co_await rescue(books, mint, operation, &request, stop));
        if (rescued) co_return Result<>{};
        operation.state = OperationState::needs_attention;
        co_return note(books, operation, findings);
      }
      case Fate::counter_behind:
      case Fate::retired_keyset:
        break;
    }
    if (findings.fate == Fate::retired_keyset) {
      CO_TRY_OK(co_await mint.refresh(stop));
      // A refusal that the mint's own list of keysets denies is no reason for new outputs.
      if (signs_still(mint, request)) co_return note(books, operation, findings);
    }
    CO_TRY(requests, books.journal.requests_of(operation.id));
    if (requests.size() >= kMostRequests) {
      operation.state = OperationState::needs_attention;
      co_return note(books, operation, findings);
    }
    CO_TRY(next, store_again(books, mint, operation, request, findings.fate));
    request = std::move(next);
  }
}

Result<> undo_unsent(Books& books, Operation& operation) {
  TRY(request, unfinished_request(books, operation));
  if (!request || request->was_sent()) return {};
  TRY(under_way, may_be_under_way(books, operation));
  if (under_way) return {};
  return undo(books, operation, *request, ProofState::spendable,
              "the program ended before anything was sent");
}

}  // namespace archy::wallet
