#include "wallet/bodies.hpp"

#include "cashu/mint_requests.hpp"
#include "cashu/quote_signature.hpp"
#include "cashu/token.hpp"

namespace archy::wallet {
namespace {

std::unexpected<Error> not_ours() {
  return fail(Code::denied, "ecash that is locked to somebody else's key");
}

}  // namespace

Result<std::vector<cashu::Proof>> inputs_of(Books& books, const Operation& operation) {
  if (operation.kind != OperationKind::receive)
    return books.proofs.held(operation.id, ProofState::reserved);
  TRY(text, books.operations.token(operation.id));
  if (!text) return fail(Code::corrupt, "wallet.db: a token that is not there");
  TRY(token, cashu::parse_token(text->reveal()));
  // Requests name keysets in full.
  std::vector<cashu::KeysetId> known;
  TRY(rows, books.mints.keysets(operation.mint));
  for (const KeysetRow& row : rows) known.push_back(row.keyset.id());
  for (cashu::Proof& proof : token.proofs) {
    TRY(id, cashu::expand(proof.keyset, known));
    proof.keyset = id;
  }
  return std::move(token.proofs);
}

Result<> unlock(const WalletKeys& keys, std::span<cashu::Proof> inputs,
                std::span<const cashu::BlindedMessage> outputs, std::uint64_t now_s) {
  const crypto::Scalar key = keys.lock_key();
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    TRY(condition, cashu::parse_condition(inputs[i].secret.reveal()));
    if (!condition) continue;
    any = true;
    // Under SIG_ALL the first input's witness speaks for all of them.
    const bool all = condition->sig_flag == cashu::SigFlag::all;
    if (all && i > 0) continue;
    const auto digest =
        all ? cashu::sig_all_digest(inputs, outputs) : cashu::sig_inputs_digest(inputs[i]);
    inputs[i].witness = cashu::to_string(cashu::Witness{{crypto::schnorr_sign(key, digest)}});
  }
  if (any && !cashu::check_request(inputs, outputs, {}, now_s)) return not_ours();
  return {};
}

std::string mint_quote_path(const Quote& quote) {
  return "/v1/mint/quote/bolt11/" + quote.id.reveal();
}

std::string melt_quote_path(const Quote& quote) {
  return "/v1/melt/quote/bolt11/" + quote.id.reveal();
}

Result<Draft> draft_swap(Books& books, const Operation& operation,
                         std::vector<PlannedOutput> outputs) {
  TRY(inputs, inputs_of(books, operation));
  if (inputs.empty()) return fail(Code::internal, "a swap of nothing");
  const auto messages = messages_of(outputs);
  TRY_OK(unlock(books.keys, inputs, messages, books.now_s()));
  return Draft{operation.id, std::string(kSwapPath), cashu::swap_body(inputs, messages),
               std::move(outputs)};
}

Result<Draft> draft_claim(Books& books, const Operation& operation,
                          std::vector<PlannedOutput> outputs) {
  TRY(quote, books.operations.quote(operation.id));
  if (!quote || !quote->key_index) return fail(Code::corrupt, "wallet.db: a quote without its key");
  const auto messages = messages_of(outputs);
  const auto signature =
      cashu::sign_quote(books.keys.quote_key(*quote->key_index), quote->id.reveal(), messages);
  return Draft{operation.id, std::string(kClaimPath),
               cashu::SpendingBody(cashu::mint_body(quote->id.reveal(), messages, signature)),
               std::move(outputs)};
}

}  // namespace archy::wallet
