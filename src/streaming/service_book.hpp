// Services as rows of wallet.db. Thread and lifetime: as WalletDb's.
#pragma once

#include <vector>

#include "streaming/service.hpp"
#include "wallet/ledger/wallet_db.hpp"

namespace archy::streaming {

class ServiceBook {
 public:
  explicit ServiceBook(wallet::WalletDb& db) : db_(db) {}

  // All of them, in their order; those without a row with their defaults.
  Result<std::vector<Service>> list();
  Result<Service> find(ServiceId id);
  // Stores it with the next revision, which it gives. Errors: try_later: the row has another
  // revision than `expected_revision`.
  Result<Service> put(Service service, std::uint64_t expected_revision, std::int64_t now_ms);

 private:
  wallet::WalletDb& db_;
};

}  // namespace archy::streaming
