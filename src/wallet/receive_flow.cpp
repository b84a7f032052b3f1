#include "wallet/receive_flow.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "crypto/sha256.hpp"
#include "wallet/bodies.hpp"
#include "wallet/mint_flow.hpp"
#include "wallet/restore_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// How long a lock must stay ours, so that there is time to redeem what was accepted offline.
constexpr std::uint64_t kLeastLockS = std::uint64_t{24} * 3600;

// By the proofs, so that the same token cannot be two operations.
std::string key_of(const Sha256Digest& digest) { return "token " + to_hex(digest.view()); }

Result<Amount> net_value(const KnownMint& mint, std::span<const cashu::Proof> proofs) {
  std::vector<Amount> amounts;
  for (const cashu::Proof& proof : proofs) amounts.push_back(proof.amount);
  TRY(sum, cashu::sum(amounts));
  TRY(fee, mint.input_fee(proofs));
  const auto net = sum.minus(fee);
  if (!net || *net == Amount(0))
    return fail(Code::payment_needed, "the token is worth less than the mint's fee of " +
                                          std::to_string(fee.value()) + " sat");
  return *net;
}

Result<std::vector<cashu::Proof>> checked_proofs(const KnownMint& mint, const cashu::Token& token,
                                                 cashu::DleqRule rule) {
  if (token.unit != kUnit)
    return fail(Code::unsupported, "ecash of the unit " + token.unit.substr(0, 16));
  TRY(checked, cashu::check_proofs(token.proofs, mint.keysets(), rule));
  std::vector<cashu::Proof> out;
  for (cashu::CheckedProof& proof : checked) out.push_back(std::move(proof).take());
  return out;
}

// `checked`: its proofs.
Result<Operation> begin(Books& books, const KnownMint& mint, const cashu::Token& token,
                        std::span<const cashu::Proof> checked, const Sha256Digest& digest) {
  TRY(value, cashu::value_of(token));
  NewOperation asked{OperationKind::receive, mint.id(), value};
  asked.idempotency_key = key_of(digest);
  asked.request = digest;
  TRY(operation, books.operations.begin(asked, books.now_ms()));
  TRY_OK(books.operations.put_received(operation.id, ys_of(checked)));
  TRY(text, cashu::to_string(token));
  TRY_OK(books.operations.keep_token(operation.id, text));
  return operation;
}

// Whether nobody but us can spend it for long enough.
Result<> check_ours_alone(const Books& books, const cashu::Proof& proof) {
  TRY(condition, cashu::parse_condition(proof.secret.reveal()));
  const auto key = crypto::Point::of(books.keys.lock_key());
  const bool ours = condition && condition->kind == cashu::LockKind::p2pk && condition->key &&
                    condition->key->x_only() == key.x_only() && condition->pubkeys.empty() &&
                    condition->n_sigs == 1;
  if (ours && condition->sig_flag == cashu::SigFlag::all)
    return fail(Code::denied, "a lock over a whole request (SIG_ALL): its mint is needed");
  if (!ours) return fail(Code::denied, "not locked to this wallet's key alone: its mint is needed");
  if (condition->locktime && *condition->locktime < books.now_s() + kLeastLockS)
    return fail(Code::denied, "its lock ends within a day: its mint is needed");
  return {};
}

// Whether its keyset does, for as long.
Result<> check_it_lasts(const Books& books, const KnownMint& mint, const cashu::Proof& proof) {
  const cashu::Keyset* keyset = mint.keysets().find(proof.keyset);
  const auto ends = keyset != nullptr ? keyset->terms().final_expiry : std::nullopt;
  if (ends && *ends < books.now_s() + kLeastLockS)
    return fail(Code::denied, "its keyset ends within a day: its mint is needed");
  return {};
}

}  // namespace

Sha256Digest digest_of(std::span<const cashu::Proof> proofs) {
  std::vector<Sha256Digest> secrets;
  for (const cashu::Proof& proof : proofs)
    secrets.push_back(crypto::sha256(as_bytes(proof.secret.reveal())));
  std::ranges::sort(secrets);
  Bytes all;
  for (const Sha256Digest& secret : secrets) append(all, secret.view());
  return crypto::sha256(all);
}

rt::Task<Operation> begin_receive(Books& books, KnownMint& mint, const cashu::Token& token,
                                  OnBegun on_begun, std::stop_token stop) {
  const Sha256Digest digest = digest_of(token.proofs);
  CO_TRY(known, books.operations.find(key_of(digest), digest));
  // One that failed only because the mint was away would still be open.
  if (known) co_return *known;
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  // Other wallets leave it out. The swap shows whether the mint has signed them.
  constexpr auto kRule = cashu::DleqRule::if_present;
  auto checked = checked_proofs(mint, token, kRule);
  if (!checked && checked.error().code == Code::not_found) {
    // A keyset that is newer than our list of them.
    CO_TRY_OK(co_await mint.refresh(stop));
    checked = checked_proofs(mint, token, kRule);
  }
  if (!checked) co_return fail(checked.error());
  CO_TRY(net, net_value(mint, *checked));
  CO_TRY_OK(within_cap_of_all(books, mint, net));
  // Somebody else may have begun with it while the mint was asked.
  CO_TRY(begun, books.operations.find(key_of(digest), digest));
  if (begun) co_return *begun;
  CO_TRY(transaction, books.db.begin());
  CO_TRY(operation, begin(books, mint, token, *checked, digest));
  if (on_begun) CO_TRY_OK(on_begun(operation.id));
  CO_TRY(stored, store_exchange(books, mint, std::move(transaction), operation, {.keep = net}));
  co_return operation;
}

Result<Operation> accept_offline(Books& books, KnownMint& mint, const cashu::Token& token) {
  const Sha256Digest digest = digest_of(token.proofs);
  TRY(known, books.operations.find(key_of(digest), digest));
  if (known) return *known;
  if (!mint.info().locks)
    return fail(Code::unsupported, mint.url() + " does not know locks: anybody could spend it");
  auto checked = checked_proofs(mint, token, cashu::DleqRule::required);
  if (!checked && checked.error().code == Code::not_found)
    return fail(Code::unsupported, "a keyset that is not known here yet: its mint is needed");
  if (!checked) return fail(checked.error());
  for (const cashu::Proof& proof : *checked) {
    TRY_OK(check_ours_alone(books, proof));
    TRY_OK(check_it_lasts(books, mint, proof));
  }
  TRY(net, net_value(mint, *checked));
  TRY_OK(within_cap_of_all(books, mint, net));
  TRY(transaction, books.db.begin());
  TRY(operation, begin(books, mint, token, *checked, digest));
  operation.stage = Stage::accepted;
  TRY_OK(books.operations.update(operation, books.now_ms()));
  TRY_OK(transaction.commit());
  return operation;
}

rt::Task<> receive_round(Books& books, KnownMint& mint, Operation& operation, rt::Duration patience,
                         std::stop_token stop) {
  if (operation.stage == Stage::accepted) {
    CO_TRY_OK(co_await make_ready(books, mint, stop));
    CO_TRY(inputs, inputs_of(books, operation));
    CO_TRY(net, net_value(mint, inputs));
    CO_TRY(transaction, books.db.begin());
    CO_TRY(stored, store_exchange(books, mint, std::move(transaction), operation, {.keep = net}));
  }
  co_return co_await exchange_round(books, mint, operation, patience, stop);
}

}  // namespace archy::wallet
