// What selling and buying need of the wallet. Owned by streaming, its user; the node's wallet room
// implements it.
#pragma once

#include <functional>
#include <stop_token>

#include "wallet/wallet.hpp"

namespace archy::streaming {

// Thread: the loop. Lifetime: outlives its tasks. Errors of all: not_found: there is no wallet yet;
// corrupt: it is closed for damage; and the wallet's own.
class Purse {
 public:
  virtual ~Purse() = default;
  // Where services, sessions and purchases are kept, beside the ecash they are about. Lifetime of
  // what it gives: until the next suspension.
  virtual Result<wallet::WalletDb*> database() = 0;
  // URLs of the trusted mints, home first.
  virtual Result<std::vector<std::string>> accepted_mints() = 0;

  // A peer's token becomes ours. `on_begun` runs in the transaction that stores the operation,
  // unless the token was known before: what it writes is durable exactly when the operation is.
  // Errors: as Wallet::receive, and those of `on_begun` (nothing is stored then).
  virtual rt::Task<wallet::OperationView> redeem(
      Secret<std::string> token, std::function<Result<>(wallet::OperationId)> on_begun,
      wallet::Patience patience, std::stop_token stop) = 0;
  // A token for a peer (a refund). Same key and terms: the same operation.
  virtual rt::Task<wallet::OperationView> hand_out(std::string mint, cashu::Amount amount,
                                                   std::string key, wallet::Patience patience,
                                                   std::stop_token stop) = 0;
  // A token to pay a seller with; same key and terms: the same token.
  virtual rt::Task<wallet::PaymentOutcome> pay(wallet::PaymentTerms terms, std::string key,
                                               wallet::Patience patience, std::stop_token stop) = 0;
  virtual Result<Secret<std::string>> token_of(wallet::OperationId id) = 0;
  virtual rt::Task<wallet::OperationView> take_back(wallet::OperationId sent,
                                                    wallet::Patience patience,
                                                    std::stop_token stop) = 0;
  virtual Result<wallet::OperationView> show(wallet::OperationId id) = 0;
};

}  // namespace archy::streaming
