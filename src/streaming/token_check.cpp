#include "streaming/token_check.hpp"

#include <algorithm>
#include <set>

#include "cashu/dhke.hpp"
#include "crypto/sha256.hpp"
#include "streaming/gate.hpp"
#include "wallet/ledger/mint_url.hpp"
#include "wallet/receive_flow.hpp"

namespace archy::streaming {
namespace {

std::string name_of(const cashu::Token& token) {
  Bytes told(as_bytes("archipelago payment\n").begin(), as_bytes("archipelago payment\n").end());
  append(told, wallet::digest_of(token.proofs).view());
  return to_hex(crypto::sha256(told).view().first(16));
}

}  // namespace

Result<SeenToken> look_at_token(const Secret<std::string>& text,
                                const std::vector<std::string>& accepted) {
  if (text.reveal().size() > kTokenChars) return fail(Code::bad_input, "a token of over 32 KiB");
  TRY(token, cashu::parse_token(text.reveal()));
  if (token.unit != "sat") return fail(Code::bad_input, "ecash of another unit than sat");
  if (token.proofs.empty() || token.proofs.size() > kTokenProofs)
    return fail(Code::bad_input, "a token of more than 64 proofs");
  const auto mint = wallet::normal_mint_url(token.mint);
  if (!mint || std::ranges::find(accepted, *mint) == accepted.end())
    return fail(Code::denied, "its mint is not accepted here");
  std::set<std::string_view> secrets;
  std::set<std::string> points;
  for (const cashu::Proof& proof : token.proofs)
    if (!secrets.insert(proof.secret.reveal()).second || !points.insert(proof.c.hex()).second)
      return fail(Code::bad_input, "a token with one proof twice");
  SeenToken out;
  TRY(value, cashu::value_of(token));
  if (value > cashu::kAllThereIs) return fail(Code::bad_input, "a token of more than there is");
  out.value = value;
  for (const cashu::Proof& proof : token.proofs)
    out.ys.push_back(cashu::hash_to_curve(as_bytes(proof.secret.reveal())));
  out.name = name_of(token);
  return out;
}

}  // namespace archy::streaming
