// A mint's public keys, one for each amount, under an id that was computed from them here.
// Invariants: 1. id() is what NUT-02 makes of the keys (and, for v2, of unit, fee and expiry);
// 2. there is at least one key, and each is a point.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cashu/amount.hpp"
#include "cashu/keyset_id.hpp"
#include "crypto/point.hpp"

namespace archy::cashu {

using KeyByAmount = std::map<Amount, crypto::Point>;

// What a v2 id covers beside the keys.
struct KeysetTerms {
  std::string unit;
  std::uint64_t input_fee_ppk = 0;
  std::optional<std::uint64_t> final_expiry = std::nullopt;  // Units: seconds since 1970
};

class Keyset {
 public:
  // Errors: peer_fault: the id is not that of these keys, or there are none; unsupported: a legacy
  // id, which says nothing of its keys; bad_input: a short id.
  static Result<Keyset> make(const KeysetId& claimed, KeysetTerms terms, KeyByAmount keys);

  const KeysetId& id() const { return id_; }
  const KeysetTerms& terms() const { return terms_; }
  const KeyByAmount& keys() const { return keys_; }
  // Null when the mint signs no such amount.
  const crypto::Point* key_for(Amount amount) const;

 private:
  Keyset(KeysetId id, KeysetTerms terms, KeyByAmount keys)
      : id_(std::move(id)), terms_(std::move(terms)), keys_(std::move(keys)) {}

  KeysetId id_;
  KeysetTerms terms_;
  KeyByAmount keys_;
};

// The ids as NUT-02 computes them. Requires: keys are not empty.
KeysetId keyset_id_v1(const KeyByAmount& keys);
KeysetId keyset_id_v2(const KeyByAmount& keys, const KeysetTerms& terms);

// The keysets of one mint by id, old ones too: proofs and change may be of any.
class Keysets {
 public:
  // Null when it is not known.
  const Keyset* find(const KeysetId& id) const;
  // Puts it in, or does nothing when it is there. Errors: peer_fault: another keyset that NUT-13
  // would derive the same secrets for (equal path numbers of two v1 ids).
  Result<> add(Keyset keyset);
  // Errors: as expand() above, among these.
  Result<KeysetId> expand(const KeysetId& id) const;

 private:
  std::map<KeysetId, Keyset> by_id_;
};

// A keyset of an answer to GET /v1/keys, or of a list of them: {"keysets":[{"id","unit","keys",
// "input_fee_ppk","final_expiry"},...]}. Keysets of versions that are not supported are left out.
// Errors: peer_fault: not this shape, a key that is none, an id that is not that of its keys.
Result<std::vector<Keyset>> parse_keys_answer(std::string_view json);
// The "keys" object alone. Errors: peer_fault.
Result<KeyByAmount> parse_keys(std::string_view json);

}  // namespace archy::cashu
