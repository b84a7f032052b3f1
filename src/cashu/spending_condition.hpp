// Proofs that ask for more than their secret: locked to keys (P2PK), to a hash (HTLC), to a time.
// Source: NUT-10, NUT-11, NUT-14.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cashu/proof.hpp"
#include "crypto/schnorr.hpp"

namespace archy::cashu {

enum class LockKind : unsigned char { p2pk, htlc };

// What a witness signs: each proof for itself, or one signature set over the whole request.
enum class SigFlag : unsigned char { inputs, all };

struct SpendingCondition {
  LockKind kind = LockKind::p2pk;
  std::string nonce;                                     // 32 bytes of hex; makes the secret unique
  std::optional<crypto::Point> key;                      // P2PK: the key in "data"
  std::optional<Sha256Digest> hash;                      // HTLC: of the preimage
  std::vector<crypto::Point> pubkeys;                    // more keys of the main path
  std::uint64_t n_sigs = 1;                              // signatures that the main path needs
  std::optional<std::uint64_t> locktime = std::nullopt;  // Units: seconds since 1970
  std::vector<crypto::Point> refund;  // keys that can spend as well after the locktime
  std::uint64_t n_sigs_refund = 1;
  SigFlag sig_flag = SigFlag::inputs;
  bool operator==(const SpendingCondition&) const = default;
};

// Nothing for a plain secret. Errors: bad_input: a condition whose parts make no sense (a tag
// twice, no key, more signatures than keys); unsupported: a condition of another kind, which we
// could not spend.
Result<std::optional<SpendingCondition>> parse_condition(std::string_view secret);
// The secret as it is hashed: the JSON text, exactly.
ProofSecret to_secret(const SpendingCondition& condition);

struct Witness {
  std::vector<crypto::SchnorrSignature> signatures;
  std::optional<std::string> preimage = std::nullopt;  // hex
  bool operator==(const Witness&) const = default;
};

// Errors: bad_input. Signatures that are no 64 bytes of hex are errors, not left out.
Result<Witness> parse_witness(std::string_view json);
std::string to_string(const Witness& witness);

// Whether the witness opens the lock at this time, for what was signed. The refund path opens after
// the locktime beside the main path, which never closes; with no refund key anyone may spend then.
// Keys count by their x, once each.
// Errors: denied, with the reason.
Result<> check_witness(const SpendingCondition& condition, const Witness& witness,
                       const Sha256Digest& signed_digest, std::uint64_t now);

// What SIG_INPUTS signs, and what SIG_ALL does: all of the request (a melt with its quote's id).
Sha256Digest sig_inputs_digest(const Proof& proof);
Sha256Digest sig_all_digest(std::span<const Proof> inputs, std::span<const BlindedMessage> outputs,
                            std::string_view quote = {});

// The mint's question about a whole request: may these inputs be spent so? Under SIG_ALL all inputs
// carry one condition but for the nonce, and the first one's witness speaks for all.
// Errors: denied; bad_input, unsupported: a secret or witness that cannot be read.
Result<> check_request(std::span<const Proof> inputs, std::span<const BlindedMessage> outputs,
                       std::string_view quote, std::uint64_t now);

}  // namespace archy::cashu
