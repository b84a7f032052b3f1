// Secrets and blinding factors that follow from a seed, so that words alone bring ecash back.
// Source: NUT-13.
#pragma once

#include <optional>

#include "cashu/proof.hpp"
#include "crypto/bip32.hpp"
#include "crypto/bip39.hpp"

namespace archy::cashu {

// One (keyset, counter) is for one output, for ever: who derives takes the counter from a store
// that never goes back. Thread: any, one at a time.
class Derivation {
 public:
  explicit Derivation(const crypto::Bip39Seed& seed);

  // Errors: unsupported: a legacy keyset, or for v1 a counter of 2^31 and more; bad_input: a short
  // id; not_found: this counter has no numbers (1 in 2^127): take the next.
  // Cost: v1 35 us, and 10 more the first time for a keyset; v2 2 us.
  Result<BlindingFactors> derive(const KeysetId& keyset, std::uint64_t counter);

 private:
  Result<BlindingFactors> derive_v1(const KeysetId& keyset, std::uint64_t counter);
  Result<BlindingFactors> derive_v2(const KeysetId& keyset, std::uint64_t counter) const;

  crypto::Bip39Seed seed_;
  // m/129372'/0'/keyset' of the keyset asked for last.
  std::optional<std::pair<KeysetId, crypto::ExtendedKey>> keyset_key_;
};

}  // namespace archy::cashu
