#include "wallet/restore_flow.hpp"

#include <algorithm>
#include <set>

namespace archy::wallet {
namespace {

using cashu::Amount;

// NUT-13: batches of 100, and three empty ones in a row are the end.
constexpr std::uint64_t kBatch = 100;
constexpr unsigned kEmptyBatches = 3;
// What other copies of the words may have taken meanwhile is not taken again.
constexpr std::uint64_t kMargin = 100;
// A keyset with more than that was not used by a person: the mint makes it up.
constexpr std::uint64_t kProbed = 200;
constexpr std::uint64_t kMostCounters = 1'000'000;
// Past whatever another copy may have used of a keyset that nobody can be asked about.
constexpr std::uint64_t kBlindLeap = 10'000;

// Blank: amount and keyset are the signature's, which are the mint's to say.
Result<std::vector<PlannedOutput>> batch_at(Books& books, const cashu::KeysetId& keyset,
                                            std::uint64_t first) {
  std::vector<PlannedOutput> out;
  for (std::uint64_t i = first; i < first + kBatch; ++i) {
    TRY(factors, books.derivation.derive(keyset, i));
    TRY(output, cashu::prepare_output(Amount(0), keyset, std::move(factors)));
    out.push_back({std::move(output), i});
  }
  return out;
}

struct Signed {
  std::vector<NewProof> proofs;
  std::optional<std::uint64_t> last;  // highest counter that was ever signed
  std::uint64_t refused = 0;          // signatures that are none, or not one of a keyset we know
};

// `under_way`: counters of open operations, which book what was signed for them.
// Change that was signed in a newer keyset than it was asked for stays ours.
Result<Signed> signed_of(const KnownMint& mint, std::span<const PlannedOutput> outputs,
                         const Restored& restored, const std::set<std::uint64_t>& under_way) {
  Signed out;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!restored.signatures[i]) continue;
    out.last = outputs[i].counter;
    if (under_way.contains(*outputs[i].counter)) continue;
    TRY(good, cashu::accept_change({&outputs[i].output, 1}, {&*restored.signatures[i], 1},
                                   mint.keysets(), mint.dleq_rule()));
    out.refused += good.refused;
    for (cashu::CheckedProof& proof : good.proofs)
      out.proofs.push_back(new_proof(outputs[i], std::move(proof)));
  }
  return out;
}

// Only what the mint says is unspent now.
Result<> book(Books& books, OperationId by, const cashu::KeysetId& keyset, const Signed& found,
              std::span<const cashu::SpendState> states, RestoreReport& report) {
  TRY(transaction, books.db.begin());
  for (std::size_t i = 0; i < found.proofs.size(); ++i) {
    if (states[i] == cashu::SpendState::spent) ++report.spent;
    if (states[i] == cashu::SpendState::pending) ++report.pending;
    if (states[i] != cashu::SpendState::unspent) continue;
    TRY(added, books.proofs.put_missing(by, {&found.proofs[i], 1}));
    if (added == 0) {
      ++report.known;
      continue;
    }
    ++report.proofs;
    const auto sum = report.found.plus(found.proofs[i].proof.proof().amount);
    if (!sum || *sum > cashu::kAllThereIs)
      return fail(Code::peer_fault, "the mint restores more than there can be");
    report.found = *sum;
    TRY(row, books.operations.find(by));
    TRY_OK(books.operations.enter(
        {by, row->mint, static_cast<std::int64_t>(found.proofs[i].proof.proof().amount.value()),
         Amount(0), books.now_ms()}));
  }
  TRY_OK(books.mints.advance_counter(keyset, *found.last + 1 + kMargin));
  return transaction.commit();
}

rt::Task<> restore_keyset(Books& books, KnownMint& mint, OperationId by, cashu::KeysetId keyset,
                          RestoreReport& report, std::stop_token stop) {
  // The book may know of more counters than a run of empty batches would lead to.
  CO_TRY(known, books.mints.next_counter(keyset));
  unsigned empty = 0;
  for (std::uint64_t first = 0; empty < kEmptyBatches || first < known; first += kBatch) {
    if (first >= kMostCounters && first >= known)
      co_return fail(Code::peer_fault, mint.url() + " restores without end");
    CO_TRY(outputs, batch_at(books, keyset, first));
    CO_TRY(restored, co_await restore_outputs(mint, messages_of(outputs), stop));
    report.counters += kBatch;
    if (restored.count == 0) {
      ++empty;
      continue;
    }
    empty = 0;
    CO_TRY(under_way, books.journal.counters_under_way({keyset, first, kBatch}));
    CO_TRY(found, signed_of(mint, outputs, restored, under_way));
    report.refused += found.refused;
    std::vector<crypto::Point> ys;
    for (const NewProof& proof : found.proofs) ys.push_back(proof.proof.y());
    CO_TRY(states, co_await ask_states(mint, std::move(ys), stop));
    CO_TRY_OK(book(books, by, keyset, found, states, report));
  }
  co_return Result<>{};
}

}  // namespace

rt::Task<cashu::Amount> mark_what_is_spent(Books& books, KnownMint& mint, OperationId by,
                                           std::stop_token stop) {
  CO_TRY(ys, books.proofs.unspent(mint.id()));
  CO_TRY(states, co_await ask_states(mint, ys, stop));
  std::vector<crypto::Point> gone;
  for (std::size_t i = 0; i < ys.size(); ++i)
    if (states[i] == cashu::SpendState::spent) gone.push_back(ys[i]);
  if (gone.empty()) co_return Amount(0);
  CO_TRY(transaction, books.db.begin());
  CO_TRY(lost, books.proofs.mark_spent(by, gone));
  if (lost > Amount(0))
    CO_TRY_OK(books.operations.enter(
        {by, mint.id(), -static_cast<std::int64_t>(lost.value()), Amount(0), books.now_ms()}));
  CO_TRY_OK(transaction.commit());
  co_return lost;
}

namespace {

// Which counters behind the book's own were signed: another copy of this wallet used them.
rt::Task<> probe_keyset(Books& books, KnownMint& mint, cashu::KeysetId keyset,
                        std::stop_token stop) {
  CO_TRY(from, books.mints.next_counter(keyset));
  // A mint that cannot say it: nobody can restore there, so that no gap is too wide.
  const std::uint64_t probed = mint.info().restore ? kProbed : 0;
  std::uint64_t next = mint.info().restore ? from : from + kBlindLeap;
  for (std::uint64_t first = from; first < from + probed; first += kBatch) {
    CO_TRY(outputs, batch_at(books, keyset, first));
    CO_TRY(restored, co_await restore_outputs(mint, messages_of(outputs), stop));
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (restored.signatures[i]) next = *outputs[i].counter + 1 + kMargin;
  }
  CO_TRY(transaction, books.db.begin());
  CO_TRY_OK(books.mints.advance_counter(keyset, next));
  CO_TRY_OK(books.mints.set_doubtful(keyset, false));
  co_return transaction.commit();
}

}  // namespace

rt::Task<> make_ready(Books& books, KnownMint& mint, std::stop_token stop) {
  CO_TRY_OK(co_await mint.meet(stop));
  CO_TRY(doubtful, books.mints.doubtful(mint.id()));
  for (const cashu::KeysetId& id : doubtful)
    CO_TRY_OK(co_await probe_keyset(books, mint, id, stop));
  co_return Result<>{};
}

rt::Task<RestoreReport> restore_from(Books& books, KnownMint& mint, std::stop_token stop) {
  CO_TRY_OK(co_await mint.refresh(stop));
  if (!mint.info().restore || !mint.info().states)
    co_return fail(Code::unsupported, mint.url() + " cannot restore (NUT-07 and NUT-09)");
  CO_TRY(operation, books.operations.begin({OperationKind::restore, mint.id()}, books.now_ms()));
  RestoreReport report;
  std::vector<cashu::KeysetId> ids;
  for (const KeysetRow& row : mint.keyset_rows())
    if (row.keyset.terms().unit == kUnit) ids.push_back(row.keyset.id());
  Result<> went;
  for (const cashu::KeysetId& id : ids) {
    went = co_await restore_keyset(books, mint, operation.id, id, report, stop);
    if (!went) break;
  }
  if (went) {
    auto lost = co_await mark_what_is_spent(books, mint, operation.id, stop);
    if (lost) report.lost = *lost;
    if (!lost) went = fail(lost.error());
  }
  operation.amount = report.found;
  operation.state = went ? OperationState::done : OperationState::failed;
  operation.stage = went ? Stage::settled : Stage::undone;
  if (!went) operation.note = went.error().detail;
  if (went && report.refused > 0)
    operation.note = std::to_string(report.refused) + " signatures of the mint are wrong";
  CO_TRY_OK(books.operations.update(operation, books.now_ms()));
  if (!went) co_return fail(went.error());
  co_return report;
}

}  // namespace archy::wallet
