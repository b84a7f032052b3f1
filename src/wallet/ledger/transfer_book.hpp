// Swaps from one mint to another as rows: what was asked, and which operations serve it now. How
// far one is says its operation (across/cross_swap.hpp).
#pragma once

#include "wallet/ledger/operation.hpp"

namespace archy::wallet {

struct Transfer {
  OperationId operation;
  MintId from, to;
  cashu::Amount most_fee;        // the most that may be lost on the way
  std::int64_t deadline_ms = 0;  // nothing is begun after it. Units: since 1970
  std::int64_t tries = 0;        // to get to a stored payment
  // The mint operation at `to` and the melt operation at `from` that it stands on now. Earlier ones
  // are parts of it, too.
  std::optional<OperationId> claim = std::nullopt;
  std::optional<OperationId> payment = std::nullopt;
  std::optional<std::int64_t> sent_ms = std::nullopt;  // the payment was stored
  std::optional<std::int64_t> paid_ms = std::nullopt;  // `from` said that it is paid
};

// Thread and lifetime: as WalletDb's. What writes: within a transaction of the caller's.
class TransferBook {
 public:
  explicit TransferBook(WalletDb& db) : db_(db.connection()) {}

  Result<> begin(const Transfer& transfer);
  // What may change: tries, claim, payment and times.
  Result<> update(const Transfer& transfer);
  // Errors: corrupt: a cross swap without its row.
  Result<Transfer> of(OperationId operation);
  // The mint at the other end; of a part as of the whole. None: it has no other end.
  Result<std::optional<MintId>> counterpart(const Operation& operation);
  // The cross swap that goes on with this part; none: nobody else does.
  Result<std::optional<OperationId>> driver_of(const Operation& part);
  // What open ones will still bring to a mint.
  Result<cashu::Amount> on_the_way(MintId to);

 private:
  db::Connection& db_;
};

}  // namespace archy::wallet
