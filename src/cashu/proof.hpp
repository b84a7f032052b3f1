// Ecash itself, and what is sent and answered on the way to it. Source: NUT-00.
#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "cashu/amount.hpp"
#include "cashu/dleq.hpp"
#include "cashu/keyset_id.hpp"
#include "crypto/point.hpp"

namespace archy::cashu {

// What makes a proof spendable: hex digits, or a NUT-10 condition. Its UTF-8 text is what is
// hashed.
using ProofSecret = Secret<std::string>;

// A mint's DLEQ as it travels with a proof: r lets Carol rebuild what was blinded.
struct ProofDleq {
  Dleq dleq;
  crypto::Scalar r;
};

struct Proof {
  Amount amount;
  KeysetId keyset;
  ProofSecret secret;
  crypto::Point c;
  // Never sent to the mint: r links the proof to the blinded message that the mint signed.
  std::optional<ProofDleq> dleq = std::nullopt;
  std::optional<std::string> witness = std::nullopt;   // JSON, as text
  std::optional<crypto::Point> p2pk_e = std::nullopt;  // NUT-28: the sender's ephemeral key
};

// By everything that travels in a token.
bool same_proof(const Proof& a, const Proof& b);

// A request's output. Blank outputs of a melt have amount 0.
struct BlindedMessage {
  Amount amount;
  KeysetId keyset;
  crypto::Point b;
};

// An answer's signature.
struct BlindSignature {
  Amount amount;
  KeysetId keyset;
  crypto::Point c;
  std::optional<Dleq> dleq = std::nullopt;
};

// What belongs to a blinded message and stays here.
struct BlindingFactors {
  ProofSecret secret;
  crypto::Scalar r;
};

// Invariant: y is that of the factors' secret, so that nobody hashes it once more: made by
// prepare_output alone, and its secret never changed.
struct PreparedOutput {
  BlindedMessage message;
  BlindingFactors factors;
  crypto::Point y;
};

// Errors: bad_input (infinity, by chance never). Cost: 40 us.
Result<PreparedOutput> prepare_output(Amount amount, const KeysetId& keyset,
                                      BlindingFactors factors);

}  // namespace archy::cashu
