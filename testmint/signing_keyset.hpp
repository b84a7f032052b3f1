// A keyset from the mint's side: with the numbers that sign.
#pragma once

#include <map>

#include "cashu/keyset.hpp"
#include "cashu/proof.hpp"
#include "testmint/options.hpp"

namespace archy::testmint {

class SigningKeyset {
 public:
  // A key for each power of two up to 2^63, which follow from the seed and the keyset's number.
  // Cost: 2 ms.
  static SigningKeyset make(ByteView seed, std::uint64_t number, const KeysetPlan& plan);

  const cashu::Keyset& keyset() const { return keyset_; }
  const cashu::KeysetId& id() const { return keyset_.id(); }
  bool has(cashu::Amount amount) const { return secrets_.contains(amount); }
  // Requires: has(amount). With a DLEQ.
  cashu::BlindSignature sign(const crypto::Point& b, cashu::Amount amount) const;
  bool has_signed(const cashu::Proof& proof) const;

 private:
  using Secrets = std::map<cashu::Amount, crypto::Scalar>;
  SigningKeyset(cashu::Keyset keyset, Secrets secrets)
      : keyset_(std::move(keyset)), secrets_(std::move(secrets)) {}

  cashu::Keyset keyset_;
  Secrets secrets_;
};

}  // namespace archy::testmint
