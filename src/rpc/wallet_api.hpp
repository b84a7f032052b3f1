// What the methods need of the wallet. Owned by rpc, its user; implemented by app over the real
// one.
//
// Thread: the loop. Lifetime: outlives every call. Errors: not_found where there is no wallet yet,
// corrupt where its words are gone or are no words, and the wallet's own (wallet/wallet.hpp).
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "wallet/backup/repair.hpp"

namespace archy::rpc {

// One operation beside the mint it is at.
struct WalletLine {
  wallet::Operation operation;
  std::string mint_url;
  std::string counterpart_url = {};  // of a swap between mints and its parts: at the other end
};

class WalletApi {
 public:
  virtual ~WalletApi() = default;

  // Makes the wallet's words where there are none: `given`, or fresh ones. False: a wallet was
  // there. Errors: bad_input (no words); denied (`given`, and a wallet that was used is there).
  virtual Result<bool> create(std::optional<Secret<std::string>> given) = 0;
  virtual Result<bool> exists() = 0;
  virtual Result<Secret<std::string>> words() = 0;
  virtual Result<std::string> lock_key() = 0;

  virtual rt::Task<wallet::MintRow> add_mint(std::string url, std::stop_token stop) = 0;
  virtual Result<> remove_mint(std::string url) = 0;
  virtual Result<> set_home(std::string url) = 0;
  virtual Result<> set_cap(std::string url, std::optional<cashu::Amount> cap) = 0;
  virtual Result<std::vector<wallet::MintBalance>> balances() = 0;
  virtual rt::Task<wallet::MintSummary> examine(std::string url, std::stop_token stop) = 0;

  using Caller = wallet::Wallet::Caller;
  virtual rt::Task<wallet::OperationView> mint(cashu::Amount amount, Caller caller,
                                               std::stop_token stop) = 0;
  virtual rt::Task<wallet::OperationView> melt(wallet::MeltTerms terms, Caller caller,
                                               wallet::Patience patience, std::stop_token stop) = 0;
  virtual rt::Task<wallet::OperationView> send(wallet::SendTerms terms,
                                               std::optional<std::string> memo, Caller caller,
                                               wallet::Patience patience, std::stop_token stop) = 0;
  virtual rt::Task<wallet::OperationView> receive(Secret<std::string> token, bool offline,
                                                  wallet::Patience patience,
                                                  std::stop_token stop) = 0;
  virtual rt::Task<wallet::OperationView> take_back(wallet::OperationId sent,
                                                    wallet::Patience patience,
                                                    std::stop_token stop) = 0;
  virtual rt::Task<wallet::RestoreReport> restore(std::string url, std::stop_token stop) = 0;

  struct Route {
    std::string from, to;
    wallet::CrossTerms terms;
    std::optional<std::string> key;
  };
  virtual rt::Task<wallet::OperationView> swap_between_mints(Route route, wallet::Patience patience,
                                                             std::stop_token stop) = 0;
  virtual Result<wallet::OperationView> cancel(wallet::OperationId id) = 0;
  virtual Result<wallet::CostedPlan> plan_payment(wallet::PaymentTerms terms) = 0;
  virtual rt::Task<wallet::PaymentOutcome> build_payment_token(wallet::PaymentTerms terms,
                                                               std::optional<std::string> key,
                                                               wallet::Patience patience,
                                                               std::stop_token stop) = 0;
  virtual Result<std::vector<wallet::Wallet::RouteView>> routes() = 0;

  using RecoveryView = wallet::Wallet::RecoveryView;
  using BackupState = wallet::Wallet::BackupState;
  // What was written where: to every folder of backups, or to one file.
  struct BackedUp {
    std::vector<rt::Path> files;
    wallet::BackupFacts facts;
  };
  virtual Result<BackedUp> back_up(std::optional<rt::Path> file) = 0;
  // Makes the wallet of a backup where there is none. `words`: where they are not there yet.
  // Errors: denied: there is a wallet; bad_input: no backup of these words.
  virtual Result<wallet::BackupFacts> take_in_backup(rt::Path file,
                                                     std::optional<Secret<std::string>> words) = 0;
  virtual Result<BackupState> backup_state() = 0;
  // Sets a damaged database aside and makes a new one. Errors: denied: it is sound; not_found:
  // there is nothing to go this way with.
  virtual Result<wallet::RepairReport> repair(std::optional<wallet::RepairWay> way) = 0;
  // All of the database and what its rows say. Errors: corrupt, with what is wrong.
  virtual Result<> check() = 0;
  virtual rt::Task<std::vector<RecoveryView>> recover(std::stop_token stop) = 0;
  virtual Result<std::vector<RecoveryView>> recoveries() = 0;
  virtual Result<> set_aside(std::string url) = 0;

  virtual rt::Task<wallet::OperationView> go_on(wallet::OperationId id, wallet::Patience patience,
                                                std::stop_token stop) = 0;
  virtual rt::Task<std::vector<WalletLine>> resume(wallet::Patience patience,
                                                   std::stop_token stop) = 0;
  virtual Result<wallet::OperationView> show(wallet::OperationId id) = 0;
  virtual Result<std::vector<WalletLine>> history(std::uint64_t limit,
                                                  std::optional<wallet::OperationId> before) = 0;
  virtual Result<Secret<std::string>> token_of(wallet::OperationId id) = 0;

  // Those that are not at an end.
  virtual Result<std::vector<WalletLine>> open_operations() = 0;
  virtual Result<std::vector<wallet::Wallet::Ending>> ending_keysets() = 0;
  // One line for each mint whose ledger and proofs do not add up.
  virtual Result<std::vector<std::string>> audit() = 0;
  // The database is an older copy than the last one that was opened here.
  virtual Result<bool> is_old_copy() = 0;
};

}  // namespace archy::rpc
