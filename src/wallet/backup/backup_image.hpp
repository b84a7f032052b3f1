// What a backup holds: everything that the words alone do not bring back. Mints with trust, home
// and caps; keysets with their counters; open operations with their quotes and the exact requests,
// and all parts of open swaps between mints;
// what those hold; tokens that nobody has redeemed; names that callers gave to operations of the
// last 30 days, so that nothing is paid twice; and all ecash of mints that cannot restore.
//
// Shape: "archipelago wallet backup 1\n", then sealed with a key that follows from the words: a
// SQLite database of wallet.db's own schema (doc/formats/wallet_backup.md). An older schema is
// brought to the newest one as a file's would be.
#pragma once

#include "wallet/ledger/books.hpp"

namespace archy::wallet {

// What is said of a backup without taking it in.
struct BackupFacts {
  std::int64_t made_ms = 0;
  std::uint64_t number = 0;  // of all that were made of this wallet
  std::uint64_t mints = 0;
  std::uint64_t open_operations = 0;
  std::uint64_t tokens_out = 0;
  std::uint64_t bytes = 0;  // of the file

  bool is_newer_than(const BackupFacts& other) const {
    return std::pair(number, made_ms) > std::pair(other.number, other.made_ms);
  }
};

// Makes the sealed bytes of a file. Lifetime: what it was made with outlives it.
class BackupMaker {
 public:
  BackupMaker(rt::Files& files, rt::Random& random) : files_(files), random_(random) {}
  // Requires: no transaction is open. Errors: the database's; corrupt: what came of it is damaged.
  Result<Bytes> make(Books& books);

 private:
  rt::Files& files_;
  rt::Random& random_;
  Result<Bytes> fill(Books& books);
  std::unique_ptr<db::Connection> image_;  // all tables, empty: making them costs most of a backup
};

// The rows of it alone, in a database in memory.
Result<std::unique_ptr<db::Connection>> select_for_backup(rt::Files& files, Books& books,
                                                          db::Connection::Copying how);

// The database's bytes. Errors: bad_input: no backup at all, or not one of these words, or not
// whole; unsupported: a newer program's.
Result<Secret<Bytes>> unseal_backup(const WalletKeys& keys, ByteView bytes);
// Errors: unseal_backup()'s; corrupt: what was sealed is no database of ours.
Result<std::unique_ptr<db::Connection>> open_backup(rt::Files& files, const WalletKeys& keys,
                                                    ByteView bytes);
Result<BackupFacts> facts_of(db::Connection& backup);

// Whether it begins as one does. `head`: the first bytes of a file.
bool looks_like_backup(ByteView head);
inline constexpr std::size_t kBackupHeadBytes = 32;

// The tables that make up a wallet, each after those that it refers to. holdings and the ledger
// follow from the others.
inline constexpr std::string_view kWalletTables[] = {
    "mints",  "keysets",  "operations", "transfers", "requests", "outputs",  "proofs",
    "quotes", "received", "facts",      "services",  "sessions", "payments", "service_days"};

}  // namespace archy::wallet
