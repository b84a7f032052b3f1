#include "db/transaction.hpp"

#include "base/check.hpp"

namespace archy::db {

namespace {

// In WAL mode NORMAL leaves out the sync of a commit and nothing else. It can be changed outside of
// transactions only.
constexpr const char* kRelaxed = "PRAGMA synchronous = NORMAL";
constexpr const char* kFull = "PRAGMA synchronous = FULL";

}  // namespace

Result<Transaction> Transaction::begin(Connection& connection, Durable durable) {
  if (connection.depth_ > 0) {
    TRY_OK(connection.run("SAVEPOINT nested"));
    return Transaction(connection, ++connection.depth_, Durable::now);
  }
  if (durable == Durable::with_the_next) TRY_OK(connection.run(kRelaxed));
  auto begun = connection.run("BEGIN IMMEDIATE");
  if (!begun && durable == Durable::with_the_next) (void)connection.run(kFull);
  TRY_OK(std::move(begun));
  return Transaction(connection, ++connection.depth_, durable);
}

void Transaction::leave() {
  --connection_->depth_;
  // Where that fails nothing is written any more.
  if (durable_ == Durable::with_the_next && !connection_->run(kFull)) connection_->broken_ = true;
  connection_ = nullptr;
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
  leave();
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
  leave();
}

}  // namespace archy::db
