// What can still be read of a damaged wallet.db, as a backup would have it.
//
// Debian's SQLite has no recovery of its own in the library, so each table is read from both ends
// up to where it cannot be read, and every row has to be one that we could have written: the
// tables' own rules first, then check_operation() and untrue_proofs(). What does not hold is left
// out: the words bring back what of it is ecash.
#pragma once

#include "rt/env.hpp"
#include "wallet/backup/backup_image.hpp"

namespace archy::wallet {

struct Salvaged {
  std::unique_ptr<db::Connection> image;
  std::uint64_t left_out = 0;  // open operations and proofs
};

// `damaged`: a copy, which is opened and not written to. Errors: corrupt: not even the list of
// tables can be read, or no mint.
Result<Salvaged> salvage(const rt::Env& env, const crypto::Bip39Seed& seed, const rt::Path& damaged,
                         const db::Options& options);
// The mints alone, with trust, home and caps. Errors: as salvage().
Result<std::unique_ptr<db::Connection>> salvage_mints(const rt::Env& env, const rt::Path& damaged,
                                                      const db::Options& options);

}  // namespace archy::wallet
