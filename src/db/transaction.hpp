// A unit of change: BEGIN IMMEDIATE, or a SAVEPOINT when one is open already. Rolled back unless
// committed.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "db/connection.hpp"

namespace archy::db {

// When a commit is on the disk: before it returns, or together with the next one that is. A power
// cut in between takes it back, and every one before it stays: the log is in order.
enum class Durable : unsigned char { now, with_the_next };

// Thread and lifetime: within its connection's. Never alive across a suspension of a coroutine.
// Only the commit of the outermost one makes anything durable.
class Transaction {
 public:
  // `durable` counts for the outermost one.
  static Result<Transaction> begin(Connection& connection, Durable durable = Durable::now);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)),
        level_(other.level_),
        durable_(other.durable_) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // Errors: as the disk has it; nothing of the transaction holds then.
  Result<> commit();

 private:
  Transaction(Connection& connection, int level, Durable durable)
      : connection_(&connection), level_(level), durable_(durable) {}
  void roll_back();
  void leave();
  Connection* connection_;  // null: finished
  int level_;               // 1: outermost
  Durable durable_;
};

}  // namespace archy::db
