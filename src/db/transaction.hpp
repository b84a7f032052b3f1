// A unit of change: BEGIN IMMEDIATE, or a SAVEPOINT when one is open already. Rolled back unless
// committed.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "db/connection.hpp"

namespace archy::db {

// Thread and lifetime: within its connection's. Never alive across a suspension of a coroutine.
// Only the commit of the outermost one makes anything durable.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)), level_(other.level_) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // Errors: as the disk has it; nothing of the transaction holds then.
  Result<> commit();

 private:
  Transaction(Connection& connection, int level) : connection_(&connection), level_(level) {}
  void roll_back();
  Connection* connection_;  // null: finished
  int level_;               // 1: outermost
};

}  // namespace archy::db
