// The only ways to ecash that a wallet may book: from a mint's signatures on our outputs, and from
// a token. Both check every proof's DLEQ, and both ask what a missing one means; a CheckedProof
// cannot be made in any other way.
#pragma once

#include <span>
#include <vector>

#include "cashu/keyset.hpp"
#include "cashu/proof.hpp"

namespace archy::cashu {

// What a missing DLEQ means. One that is there is checked under either rule.
enum class DleqRule : unsigned char {
  required,    // of signatures: the mint's /v1/info lists NUT-12; of a token: the mint is not asked
  if_present,  // of signatures: it does not; of a token: the mint decides at once, by a swap
};

// Invariants: 1. the keyset is known and its id is a full one; 2. it has a key for the amount;
// 3. a DLEQ, where there is one, holds for that key; 4. y() is that of its secret.
class CheckedProof {
 public:
  const Proof& proof() const { return proof_; }
  // What the mint knows the proof by once it is spent.
  const crypto::Point& y() const { return y_; }
  Proof take() && { return std::move(proof_); }

 private:
  friend class ProofChecker;
  CheckedProof(Proof proof, const crypto::Point& y) : proof_(std::move(proof)), y_(y) {}

  Proof proof_;
  crypto::Point y_;
};

// The signatures of a swap, a mint or a restore: one for each output, in their order.
// Errors: peer_fault: another number of them, another amount or keyset than asked for, no such key,
// a DLEQ that does not hold or is missing against the rule; not_found: the output's keyset is not
// among `keysets`.
Result<std::vector<CheckedProof>> accept_signatures(std::span<const PreparedOutput> outputs,
                                                    std::span<const BlindSignature> signatures,
                                                    const Keysets& keysets, DleqRule rule);

// The change of a melt: signatures belong to blank outputs by their place, there may be fewer of
// them, the amounts are the mint's choice, and those of 0 are dropped after pairing. Keysets are
// the signatures' own: the mint may have rotated. What is good is kept when some are bad.
struct Change {
  std::vector<CheckedProof> proofs;
  std::size_t refused = 0;  // signatures that would be refused above
};
// Errors: peer_fault: more signatures than outputs.
Result<Change> accept_change(std::span<const PreparedOutput> blanks,
                             std::span<const BlindSignature> signatures, const Keysets& keysets,
                             DleqRule rule);

// A token's proofs. Short keyset ids become full ones. Errors: bad_input: none, one twice, an
// amount that the keyset has no key for or beyond all there is, a DLEQ that does not hold or is
// missing against the rule; not_found: a keyset that is not among `keysets`.
Result<std::vector<CheckedProof>> check_proofs(std::span<const Proof> proofs,
                                               const Keysets& keysets, DleqRule rule);

}  // namespace archy::cashu
