// An operation: one thing that somebody asked the wallet to do, from its first row to its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fixed_bytes.hpp"
#include "wallet/ledger/mint_book.hpp"

namespace archy::wallet {

using OperationId = Strong<struct OperationIdTag, std::int64_t>;

enum class OperationKind : unsigned char {
  mint = 0,        // a paid invoice becomes ecash
  swap = 1,        // ecash for ecash of the same mint: sweeping, reclaiming
  melt = 2,        // ecash pays an invoice
  send = 3,        // a token for somebody else
  receive = 4,     // somebody else's token becomes ours
  restore = 5,     // from the words alone
  cross_swap = 6,  // ecash of one mint becomes ecash of another: a mint there, paid by a melt here
};

// done and failed are ends. failed: nothing was spent, or it is all back. needs_attention: what the
// mint says cannot be true together; it is gone on with as soon as the mint says something else.
enum class OperationState : unsigned char { open = 0, done = 1, failed = 2, needs_attention = 3 };

// How far it is; which stages an operation passes is said at the top of its header.
enum class Stage : unsigned char {
  begun = 0,      // no request yet that could move money
  quoted = 1,     // an invoice stands
  requested = 2,  // a request that moves money is stored; it may have been sent
  fencing = 3,    // the inputs are swapped to ourselves, so that the request cannot succeed later
  settled = 4,    // booked
  undone = 5,     // nothing happened, or it was taken back
  handed = 6,     // the token is in somebody's hands
  redeemed = 7,   // and the mint says that it was spent
  accepted = 8,   // a token that only we can spend: ours, to be redeemed later
  paid = 9,       // the invoice is paid; change is still to be had back
};

// Shape: the snake_case name, as listings show it.
std::string_view to_string(OperationKind kind);
std::string_view to_string(OperationState state);
std::string_view to_string(Stage stage);

struct Operation {
  OperationId id;
  OperationKind kind = OperationKind::swap;
  OperationState state = OperationState::open;
  Stage stage = Stage::begun;
  MintId mint;
  cashu::Amount amount;
  cashu::Amount fee;                      // known when it is done
  std::optional<OperationId> takes_back;  // swap: the send whose token is taken back
  std::optional<OperationId> part_of;     // the cross swap that it serves
  std::optional<std::string> idempotency_key;
  std::optional<std::string> memo;  // of the token that is sent
  std::string note;                 // for people: why it failed, what is waited for, evidence
  std::int64_t version = 0;
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;

  bool has_ended() const {
    return state == OperationState::done || state == OperationState::failed;
  }
};

// What a mint or melt stands on. Shape of id: the mint's own word for it.
struct Quote {
  Secret<std::string> id;
  std::string invoice;
  cashu::Amount amount;
  cashu::Amount fee_reserve;                           // melt
  std::optional<cashu::Amount> most_fee;               // melt: the caller's cap
  std::optional<std::uint64_t> expiry;                 // Units: seconds since 1970
  std::optional<std::uint64_t> key_index;              // mint: which key signs the claim
  std::optional<std::string> preimage = std::nullopt;  // melt: as the mint sent it
};

}  // namespace archy::wallet
