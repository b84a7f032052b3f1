#include "wallet/backup/backup_import.hpp"

#include <fmt/format.h>

namespace archy::wallet {
namespace {

using cashu::Amount;

Result<> remove_if_there(rt::Files& files, const rt::Path& path) {
  auto removed = files.remove(path);
  if (!removed && removed.error().code != Code::not_found) return removed;
  return {};
}

// SQLite's and our own files beside a database.
Result<> remove_database(rt::Files& files, const rt::Path& path) {
  for (const char* end : {"", "-wal", "-journal", ".closed"})
    TRY_OK(remove_if_there(files, path.string() + end));
  return {};
}

// The ledger begins with what the proofs add up to.
Result<> enter_what_is_here(Books& books, const MintRow& mint) {
  Amount sum;
  for (const ProofState state :
       {ProofState::spendable, ProofState::reserved, ProofState::given, ProofState::quarantined}) {
    TRY(part, books.proofs.balance(mint.id, "sat", state));
    const auto more = sum.plus(part);
    if (!more || more->value() > INT64_MAX)
      return fail(Code::corrupt, "the backup has more ecash than there can be");
    sum = *more;
  }
  if (sum == Amount(0)) return {};
  TRY(operation, books.operations.begin({OperationKind::restore, mint.id, sum}, books.now_ms()));
  operation.state = OperationState::done;
  operation.stage = Stage::settled;
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return books.operations.enter(
      {operation.id, mint.id, static_cast<std::int64_t>(sum.value()), Amount(0), books.now_ms()});
}

Result<> fill(Books& books, db::Connection& backup) {
  TRY(transaction, books.db.begin());
  for (const std::string_view table : kWalletTables)
    TRY_OK(backup.copy_rows(fmt::format("SELECT * FROM {}", table), std::string(table),
                            books.db.connection(), db::Connection::Copying::exact));
  TRY(mints, books.mints.list());
  for (const MintRow& mint : mints) TRY_OK(enter_what_is_here(books, mint));
  TRY_OK(books.recoveries.begin(books.now_ms()));
  return transaction.commit();
}

}  // namespace

Result<> import_backup(const rt::Env& env, const crypto::Bip39Seed& seed, db::Connection& backup,
                       const NewDatabase& to) {
  if (!to.replaces && env.files.kind(to.path).has_value())
    return fail(Code::denied, to.path.native() + " is there already");
  const rt::Path temp = to.path.string() + ".new";
  TRY_OK(env.files.make_directories(to.path.parent_path()));
  TRY_OK(remove_database(env.files, temp));
  TRY(db, WalletDb::open(env.files, temp, to.options));
  {
    Books books(*db, seed, env.clock, env.random);
    TRY_OK(fill(books, backup));
  }
  TRY_OK(db->close());
  db.reset();
  TRY_OK(remove_if_there(env.files, temp.string() + ".closed"));
  TRY_OK(remove_if_there(env.files, temp.string() + "-wal"));
  // The log of another database: its rows are none of the new one's.
  for (const char* end : {"-wal", "-journal", ".closed"})
    TRY_OK(remove_if_there(env.files, to.path.string() + end));
  TRY_OK(env.files.sync_directory(to.path.parent_path()));
  TRY_OK(env.files.rename(temp, to.path));
  return env.files.sync_directory(to.path.parent_path());
}

}  // namespace archy::wallet
