// A wallet whose database is damaged: the file is set aside as it is, and a new one takes its
// place.
//
// | way    | what is in the new one                                   | what the words bring back |
// |--------|----------------------------------------------------------|---------------------------|
// | backup | the newest backup that opens                             | the rest, at mints that can
// | | rows   | what can still be read (salvage.hpp)                     | the same | | words  | the
// mints, where they can be read; else they are to name | all that there is         |
//
// Whichever it was, mints are asked before anything is spent (recovery_book.hpp).
#pragma once

#include "wallet/wallet.hpp"

namespace archy::wallet {

enum class RepairWay : unsigned char { backup, rows, words };
std::string_view to_string(RepairWay way);

struct RepairReport {
  RepairWay way = RepairWay::backup;
  rt::Path set_aside;                 // a folder with the damaged files
  std::optional<FoundBackup> backup;  // that was taken in
  std::uint64_t left_out = 0;         // rows: operations and proofs that could not be kept
};

// `way`: none: the first of them that can be gone. A crash leaves the damaged database or the new
// one. Requires: nobody has the database open. Errors: not_found: there is nothing to go this way
// with; the disk's.
Result<RepairReport> repair(const rt::Env& env, const crypto::Bip39Seed& seed,
                            const WalletPlace& place, std::optional<RepairWay> way);

}  // namespace archy::wallet
