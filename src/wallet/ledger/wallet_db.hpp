// wallet.db, open and locked: one wallet has one writer. What the rows of it say is in the books.
#pragma once

#include <memory>

#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "rt/files.hpp"

namespace archy::wallet {

// Thread: one at a time. Lifetime: outlives the books and every transaction.
class WalletDb {
 public:
  // Makes the file where it is missing. Errors: locked (another process), corrupt, unsupported (a
  // newer program's), denied, no_space, io. Lifetime: `files` outlives it.
  static Result<std::unique_ptr<WalletDb>> open(rt::Files& files, const rt::Path& path,
                                                const db::Options& options = {});

  // Durable when it has been committed, and not before, or as `durable` says.
  Result<db::Transaction> begin(db::Durable durable = db::Durable::now) {
    return db::Transaction::begin(*connection_, durable);
  }
  db::Connection& connection() { return *connection_; }
  Result<> close() { return connection_->close(); }

  // Rows in memory (a backup's). Thread: as the connection's.
  static std::unique_ptr<WalletDb> of_image(std::unique_ptr<db::Connection> image) {
    return std::unique_ptr<WalletDb>(new WalletDb(std::move(image)));
  }

 private:
  explicit WalletDb(std::unique_ptr<db::Connection> connection)
      : connection_(std::move(connection)) {}

  std::unique_ptr<db::Connection> connection_;
};

}  // namespace archy::wallet
