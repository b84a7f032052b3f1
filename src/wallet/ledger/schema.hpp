// wallet.db: everything that has to commit together is in this one file.
//
// Invariants that the database itself holds up, whatever the code above does:
// 1. a keyset belongs to one mint, and two that would share derived secrets are not both there;
// 2. a counter only grows, and no (keyset, counter) makes two outputs;
// 3. a proof is there once (its Y), and a spent one stays spent;
// 4. `holdings` counts the spendable proofs, by keyset and amount;
// 5. a peer's payment is credit of its session exactly when the wallet has booked its token, once.
#pragma once

#include "db/migration.hpp"

namespace archy::wallet {

const db::Schema& wallet_schema();

}  // namespace archy::wallet
