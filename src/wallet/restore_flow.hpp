// Ecash from the words alone: the secrets are derived again, and the mint is asked which of them it
// has signed (NUT-09) and which of those are unspent (NUT-07).
//
// Each batch of 100 counters is one transaction: its unspent proofs and the counter behind them.
// What open operations have asked for is theirs to find.
// After a crash the next restore begins anew, and finds the proofs of before in the book. What a
// lying mint restores is checked as any signature is, counted once, and ends at a bound.
#pragma once

#include "wallet/exchange.hpp"
#include "wallet/mints.hpp"

namespace archy::wallet {

struct RestoreReport {
  cashu::Amount found;         // new in this wallet, unspent
  std::uint64_t proofs = 0;    // of them
  std::uint64_t known = 0;     // were in the book already
  std::uint64_t spent = 0;     // signed once, and spent
  std::uint64_t pending = 0;   // in a request that is not decided
  std::uint64_t counters = 0;  // asked about
  cashu::Amount lost = {};     // was in the book as ours, and is spent
  std::uint64_t refused = 0;   // signatures that are wrong: nothing else is kept back for them
};

// Every keyset of our unit, retired ones too. Errors: unsupported: the mint has no NUT-09 or no
// NUT-07; peer_fault: what it restores is no answer, or never ends.
rt::Task<RestoreReport> restore_from(Books& books, KnownMint& mint, std::stop_token stop);

// Proofs that the book calls ours although they were spent, by another copy of this wallet: their
// sum. What open operations hold is left to those.
rt::Task<cashu::Amount> mark_what_is_spent(Books& books, KnownMint& mint, OperationId by,
                                           std::stop_token stop);

// The mint is met, and counters that another copy of this database may have used are found out
// before one is taken (the book marks keysets as doubtful when it is not the newest copy).
rt::Task<> make_ready(Books& books, KnownMint& mint, std::stop_token stop);

}  // namespace archy::wallet
