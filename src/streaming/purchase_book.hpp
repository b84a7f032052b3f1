// Purchases as rows of wallet.db: what each has cost, or may have cost at worst, so that caps hold
// however many fetches run and however often the program dies.
#pragma once

#include <vector>

#include "streaming/buyer.hpp"
#include "wallet/ledger/wallet_db.hpp"

namespace archy::streaming {

struct PurchaseRow {
  PurchaseId id;
  Purchase what;
  PurchaseState state = PurchaseState::begun;
  Amount price;     // that the seller was to have
  Amount most_fee;  // over it
  std::vector<std::string> mints;
  // What counts against the caps: the worst while it is open, then what it has taken.
  Amount cost;
  std::optional<wallet::OperationId> token = std::nullopt;  // the send, once there is one
  std::string payment;
  std::int64_t at_ms = 0;
  bool undelivered = false;

  bool is_open() const { return state == PurchaseState::begun || state == PurchaseState::handed; }
  // Its name in the wallet.
  std::string key() const { return "purchase " + std::to_string(id.value()); }
};

struct Spent {
  Amount on_blob, on_film, with_peer, on_day;
};

// The largest price that begin() would take.
Amount room_under(const PaymentPolicy& policy, const Purchase& what, const Spent& spent);

// Thread and lifetime: as WalletDb's. Every call is durable when it returns.
class PurchaseBook {
 public:
  explicit PurchaseBook(wallet::WalletDb& db) : db_(db) {}

  // Looks at the caps and takes the worst cost in one. Errors: denied: over a cap, which `detail`
  // names.
  Result<PurchaseRow> begin(const PaymentPolicy& policy, const Purchase& what,
                            std::vector<std::string> mints, Amount price, std::int64_t now_ms);
  // State, cost, token and payment. Errors: denied: it is not as it was read.
  Result<> update(PurchaseRow& row, PurchaseState state, Amount cost, std::int64_t now_ms);

  Result<> mark_undelivered(PurchaseId id, std::int64_t now_ms);

  Result<std::optional<PurchaseRow>> find(PurchaseId id);
  // Newest first; of one blob or of all.
  Result<std::vector<PurchaseRow>> list(const std::optional<Blake3Hash>& blob, std::uint64_t limit);
  Result<std::vector<PurchaseRow>> open();
  // Handed or lost, newest first: what this seller may have taken for this blob and not said so.
  Result<std::vector<PurchaseRow>> unanswered(const EndpointId& seller, const Blake3Hash& blob,
                                              std::int64_t since_ms);
  // On what the caps are about, as things are.
  Result<Spent> spent(const Purchase& what, std::int64_t now_ms);
  Result<Amount> lost_to(const EndpointId& seller, std::int64_t since_ms);

  // What the wallet has begun of this name: a payment, and swaps for it.
  struct InWallet {
    bool begun = false;
    bool is_open = false;  // some of it is not decided
    Amount fees;           // of all of it
  };
  Result<InWallet> in_wallet(const PurchaseRow& row);
  // What the mint kept when a token was taken back.
  Result<Amount> fee_of_taking_back(wallet::OperationId token);
  Result<bool> is_being_taken_back(wallet::OperationId token);

 private:
  wallet::WalletDb& db_;
};

}  // namespace archy::streaming
