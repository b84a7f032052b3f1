// Which proofs to spend. Pure: counts in, counts out.
#pragma once

#include <span>
#include <vector>

#include "wallet/ledger/proof_book.hpp"

namespace archy::wallet {

// The spendable ecash of one keyset.
struct Purse {
  cashu::KeysetId keyset;
  std::uint64_t input_fee_ppk = 0;
  bool active = true;  // ecash of retired keysets is spent first
  Holdings holdings;
};

struct Pick {
  cashu::KeysetId keyset;
  cashu::Amount amount;
  std::uint64_t count = 0;
  bool operator==(const Pick&) const = default;
};

struct Selection {
  std::vector<Pick> picks;
  cashu::Amount sum;
  cashu::Amount fee;  // what the mint takes for a request with these inputs
};

// What the sum has to cover beside `amount`.
enum class InputFee : unsigned char {
  paid_by_us,  // the selection is the input of a request: sum >= amount + fee
  none,        // it is handed on as it is: sum >= amount
};

// In one request, so that no mint finds them too many.
inline constexpr std::uint64_t kMostInputs = 500;

// Proofs that cover the amount with as little over it as there can be. Keysets have powers of two;
// with other amounts the result is a selection still, perhaps not the closest one. Where those are
// more than kMostInputs it is the largest ones instead.
// Errors: payment_needed: there is not that much, fee included, or only in more proofs than that;
// bad_input: a sum does not fit.
Result<Selection> select(std::span<const Purse> purses, cashu::Amount amount, InputFee fee);

// Whether there is that much, but not in kMostInputs proofs: small ones have to be swapped
// together.
bool is_in_small_coin(std::span<const Purse> purses, cashu::Amount amount);
// The smallest proofs, as many as one request takes.
Result<Selection> select_smallest(std::span<const Purse> purses);

// All there is of these purses.
Result<Selection> select_all(std::span<const Purse> purses);

}  // namespace archy::wallet
