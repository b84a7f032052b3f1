// A wallet's database made anew from a backup, or from what can still be read of a damaged one.
//
// The new file is filled beside its place and renamed into it when it is whole, so that after a
// crash there is a database or none. Its mints are to be asked before anything is spent
// (recovery_book.hpp), and the words bring back what no backup holds.
#pragma once

#include "rt/env.hpp"
#include "wallet/backup/backup_image.hpp"

namespace archy::wallet {

struct NewDatabase {
  rt::Path path;
  db::Options options = {};
  bool replaces = false;  // what is there was set aside; else nothing may be there
};

// `backup`: by open_backup(). Errors: denied: there is a database already; corrupt: it does not fit
// together; the disk's.
Result<> import_backup(const rt::Env& env, const crypto::Bip39Seed& seed, db::Connection& backup,
                       const NewDatabase& to);

}  // namespace archy::wallet
