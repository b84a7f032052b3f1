#include "db/transaction.hpp"

#include "base/check.hpp"

namespace archy::db {

Result<Transaction> Transaction::begin(Connection& connection) {
  if (connection.depth_ == 0) {
    TRY_OK(connection.run("BEGIN IMMEDIATE"));
  } else {
    TRY_OK(connection.run("SAVEPOINT nested"));
  }
  return Transaction(connection, ++connection.depth_);
}

Transaction::~Transaction() {
  if (connection_ != nullptr) roll_back();
}

Result<> Transaction::commit() {
  CHECK(connection_ != nullptr && connection_->depth_ == level_);
  auto done = level_ == 1 ? connection_->run("COMMIT") : connection_->run("RELEASE nested");
  if (!done.has_value()) {
    roll_back();
    return done;
  }
  --connection_->depth_;
  connection_ = nullptr;
  return {};
}

void Transaction::roll_back() {
  CHECK(connection_->depth_ == level_);
  // A disk error may have rolled all of it back already: then there is nothing left to undo, and a
  // failure of the roll-back itself leaves a transaction that can never be committed, which is the
  // same.
  if (connection_->in_transaction()) {
    if (level_ == 1) {
      (void)connection_->run("ROLLBACK");
    } else {
      (void)connection_->run("ROLLBACK TO nested");
      (void)connection_->run("RELEASE nested");
    }
  }
  --connection_->depth_;
  connection_ = nullptr;
}

}  // namespace archy::db
