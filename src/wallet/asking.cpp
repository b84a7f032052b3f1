#include "wallet/asking.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"
#include "cashu/dhke.hpp"
#include "cashu/mint_error.hpp"
#include "wallet/outputs.hpp"

namespace archy::wallet {
namespace {

using cashu::ErrorClass;
using cashu::Remedy;
using Outcome = Sending::Outcome;

// In one question, so that no mint finds it too long.
constexpr std::size_t kStatesAtOnce = 200;

Findings found(Fate fate, std::string why = {}) { return {fate, {}, std::move(why), false}; }

// What a refusal means when nothing was done for the request.
Fate fate_of(const cashu::MintError& error) {
  switch (error.remedy) {
    case Remedy::refresh_keysets:
      return Fate::retired_keyset;
    case Remedy::quarantine_proofs:
      return Fate::bad_proofs;
    default:
      return Fate::refused;
  }
}

std::string words_of(const cashu::MintRefusal& refusal) {
  return "the mint says: " + refusal.detail + " (" + std::to_string(refusal.code) + ")";
}

Result<Findings> read_signatures(KnownMint& mint, const StoredRequest& request,
                                 std::string_view body) {
  TRY(signatures, cashu::parse_signatures(body));
  TRY(proofs, cashu::accept_signatures(prepared_of(request.outputs()), signatures, mint.keysets(),
                                       mint.dleq_rule()));
  return Findings{Fate::signed_, std::move(proofs), {}, false};
}

// All outputs from a restore, or why not.
Result<Findings> read_restored(KnownMint& mint, const StoredRequest& request,
                               const Restored& restored) {
  if (restored.count != restored.signatures.size())
    return found(Fate::contradiction, "the mint restores only " + std::to_string(restored.count) +
                                          " of " + std::to_string(restored.signatures.size()) +
                                          " outputs of one request");
  std::vector<cashu::BlindSignature> all;
  for (const auto& signature : restored.signatures) all.push_back(*signature);
  auto proofs = cashu::accept_signatures(prepared_of(request.outputs()), all, mint.keysets(),
                                         mint.dleq_rule());
  if (!proofs)
    return found(Fate::contradiction, "restored signatures are wrong: " + proofs.error().detail);
  return Findings{Fate::signed_, std::move(*proofs), {}, false};
}

// Whether the mint would say again what it said when it executed these bytes (NUT-19).
bool remembers(const KnownMint& mint, const StoredRequest& request, std::int64_t now_ms) {
  const cashu::MintInfo& info = mint.info();
  if (!info.repeats("POST " + request.path())) return false;
  if (!info.cached.ttl_s) return true;
  const auto age_ms =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms - request.created_ms(), 0));
  return age_ms / 1000 < *info.cached.ttl_s;
}

}  // namespace

Result<bool> may_be_under_way(Books& books, const Operation& operation) {
  return books.journal.has_unanswered(operation.id);
}

bool signs_still(const KnownMint& mint, const StoredRequest& request) {
  const auto signs = [&](const KeysetRow& row) {
    const auto& ends = row.keyset.terms().final_expiry;
    return row.active && (!ends || *ends > mint.now_s());
  };
  for (const PlannedOutput& planned : request.outputs())
    for (const KeysetRow& row : mint.keyset_rows())
      if (row.keyset.id() == planned.output.message.keyset && !signs(row)) return false;
  return true;
}

std::vector<crypto::Point> ys_of(std::span<const cashu::Proof> proofs) {
  std::vector<crypto::Point> out;
  for (const cashu::Proof& proof : proofs)
    out.push_back(cashu::hash_to_curve(as_bytes(proof.secret.reveal())));
  return out;
}

rt::Task<Restored> restore_outputs(KnownMint& mint, std::vector<cashu::BlindedMessage> outputs,
                                   std::stop_token stop) {
  if (mint.is_met() && !mint.info().restore)
    co_return fail(Code::unsupported, "the mint cannot restore (NUT-09)");
  CO_TRY(body, co_await mint.client().post("/v1/restore", cashu::restore_body(outputs), stop));
  Restored out;
  if (test_hooks::planted("wallet_no_restore")) body = R"({"outputs":[],"signatures":[]})";
  CO_TRY(signatures, cashu::parse_restored(body, outputs));
  out.signatures = std::move(signatures);
  out.count = static_cast<std::size_t>(
      std::ranges::count_if(out.signatures, [](const auto& each) { return each.has_value(); }));
  co_return out;
}

rt::Task<std::vector<cashu::SpendState>> ask_states(KnownMint& mint, std::vector<crypto::Point> ys,
                                                    std::stop_token stop) {
  std::vector<cashu::SpendState> out;
  std::size_t at_once = kStatesAtOnce;
  while (out.size() < ys.size()) {
    const std::span<const crypto::Point> some =
        std::span(ys).subspan(out.size(), std::min(at_once, ys.size() - out.size()));
    auto body = co_await mint.client().post("/v1/checkstate", cashu::state_body(some), stop);
    if (!body && body.error().code == Code::bad_input && at_once > 1) {
      at_once /= 2;  // too many at once for this mint
      continue;
    }
    if (!body) co_return fail(body.error());
    CO_TRY(states, cashu::parse_states(*body, some));
    out.insert(out.end(), states.begin(), states.end());
  }
  co_return out;
}

Witnessed judge_states(std::span<const cashu::SpendState> states) {
  using cashu::SpendState;
  if (std::ranges::find(states, SpendState::pending) != states.end()) return Witnessed::unclear;
  if (std::ranges::find(states, SpendState::spent) != states.end()) return Witnessed::done;
  return Witnessed::not_done;
}

rt::Task<Findings> find_out(KnownMint& mint, Books& books, StoredRequest& request,
                            rt::Duration patience, AskWitness ask, std::stop_token stop) {
  const bool sent_before = request.was_sent();
  CO_TRY(sending, co_await mint.client().send(request, patience, stop));
  std::string why = sending.why;
  std::optional<Fate> refusal;  // what it is if nothing turns out to have been done
  switch (sending.outcome) {
    case Outcome::answered: {
      auto read = read_signatures(mint, request, sending.body);
      if (read) {
        CO_TRY_OK(books.journal.note_answer(request));
        co_return std::move(*read);
      }
      why = read.error().detail;
      break;
    }
    case Outcome::not_sent:
      co_return found(sent_before ? Fate::waiting : Fate::never_left, why);
    case Outcome::refused: {
      // As if it had been sent before: a proxy may have sent it twice, and only the second time is
      // answered.
      const bool perhaps = sent_before || !test_hooks::planted("wallet_spent_is_failure");
      const cashu::MintError error = cashu::classify(sending.refusal.code, perhaps);
      why = words_of(sending.refusal);
      if (error.error_class == ErrorClass::wait) co_return found(Fate::waiting, why);
      if (error.error_class == ErrorClass::definite) {
        if (!sent_before || (test_hooks::planted("wallet_reissue_without_restore") &&
                             fate_of(error) == Fate::retired_keyset))
          co_return found(fate_of(error), why);
        refusal = fate_of(error);
      }
      break;
    }
    case Outcome::unknown:
      if (test_hooks::planted("wallet_release_after_unknown")) co_return found(Fate::refused, why);
      break;
  }

  const auto outputs = messages_of(request.outputs());
  auto restored = co_await restore_outputs(mint, outputs, stop);
  const bool cannot_restore = !restored && restored.error().code == Code::unsupported;
  if (!restored && !cannot_restore)
    co_return found(Fate::waiting, why + "; " + restored.error().detail);
  auto witnessed = co_await ask(stop);
  if (!witnessed) co_return found(Fate::waiting, why + "; " + witnessed.error().detail);
  if (*witnessed == Witnessed::unclear) co_return found(Fate::waiting, why);
  if (*witnessed == Witnessed::not_done) {
    // Signed, and not for this request: another copy of the wallet used these counters.
    if (restored && restored->count > 0) co_return found(Fate::counter_behind, why);
    if (refusal) co_return found(*refusal, why);
    // A code that says nothing may mean that the outputs' keyset signs no more.
    if (sending.outcome == Outcome::refused) {
      CO_TRY_OK(co_await mint.refresh(stop));
      if (!signs_still(mint, request)) co_return found(Fate::retired_keyset, why);
    }
    co_return Findings{Fate::waiting, {}, why, restored.has_value()};
  }
  // It was done, by this request or by another one with these inputs. A copy of ours may have been
  // executed since the restore.
  if (restored && restored->count == 0) restored = co_await restore_outputs(mint, outputs, stop);
  if (restored && restored->count > 0) co_return read_restored(mint, request, *restored);
  if (restored) co_return found(Fate::inputs_gone, why);
  if (!cannot_restore) co_return found(Fate::waiting, why + "; " + restored.error().detail);
  // The same bytes once more: a mint without NUT-09 may remember its answer (NUT-19).
  if (!sent_before) co_return found(Fate::waiting, why);
  if (sending.outcome == Outcome::refused && remembers(mint, request, books.now_ms()))
    co_return found(Fate::inputs_gone, why);
  co_return found(Fate::contradiction,
                  why + "; it was executed, and the mint cannot give its outputs back");
}

}  // namespace archy::wallet
