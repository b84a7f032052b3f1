// Which mints have to be asked before anything is spent: after an older copy of the database was
// put back, or a backup was taken in, nobody here knows what was spent and signed since.
//
//   needed --(the mint has answered)--> checked --(no operation of before is open)--> done
//     '--(the operator)--> set_aside --(the mint has answered)--> checked
//
// While a mint is `needed` nothing is spent at any mint; at one that is `set_aside` nothing is
// spent until it has answered after all.
#pragma once

#include <vector>

#include "wallet/ledger/operation.hpp"

namespace archy::wallet {

enum class RecoveryState : unsigned char { needed = 0, set_aside = 1, checked = 2, done = 3 };
// Shape: the snake_case name.
std::string_view to_string(RecoveryState state);

struct Recovery {
  MintId mint;
  RecoveryState state = RecoveryState::needed;
  cashu::Amount found = {};  // was not in the book
  cashu::Amount spent = {};  // was in the book as ours
  std::string note = {};     // why it is not done yet
  std::int64_t begun_ms = 0;
  OperationId last_operation;  // of those from before
};

// Thread and lifetime: as WalletDb's.
class RecoveryBook {
 public:
  explicit RecoveryBook(WalletDb& db) : db_(db.connection()) {}

  // Every mint that is trusted, or where something lies or is under way, has to be asked. No
  // counter is taken before, and no stored request counts as never sent any more. Requires: within
  // a transaction of the caller's.
  Result<> begin(std::int64_t now_ms);
  Result<std::vector<Recovery>> list();
  Result<std::optional<Recovery>> find(MintId mint);
  Result<> put(const Recovery& recovery);
  // Whether it was begun before: a newer copy of the database may have gone on with it.
  Result<bool> concerns(const Operation& operation);

 private:
  db::Connection& db_;
};

}  // namespace archy::wallet
