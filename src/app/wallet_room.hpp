// The wallet of a data directory as the methods and the gate see it: keys/wallet.words,
// db/wallet.db, and who goes on with what is open while the node runs.
#pragma once

#include <functional>
#include <memory>

#include "http/client.hpp"
#include "rpc/wallet_api.hpp"
#include "rt/env.hpp"
#include "rt/scope.hpp"
#include "streaming/purse.hpp"

namespace archy::app {

struct WalletRoomOptions {
  rt::Path data_dir;
  // What reaches the mints, asked for when the wallet is opened.
  std::function<http::Client&()> http;
  // Where backups go beside backups/ in the data directory; empty: nowhere. Asked when the wallet
  // is opened.
  std::function<rt::Path()> second_backups = {};
  // Requested when calls are to end: Ctrl-C, or the node's own end.
  std::function<std::stop_token()> ending;
};

// Opens the wallet when something is first asked of it; makes one only in create(). A damaged
// database closes it, and nothing else of the node: every call says so until repair(). Thread: the
// loop. Lifetime: `env` and what the options refer to outlive it; close() has been awaited before
// the destructor.
class WalletRoom final : public rpc::WalletApi, public streaming::Purse {
 public:
  WalletRoom(const rt::Env& env, WalletRoomOptions options);
  ~WalletRoom() override;

  // From here on open operations are gone on with now and every minute, mints are asked that have
  // to be asked after a backup was put back, a backup is made every hour, and tokens that are out
  // are asked about now and then; a wallet that is made later, too. Returns at once, whatever is
  // there.
  void look_after_everything();
  void request_stop() { scope_.request_stop(); }
  boost::asio::awaitable<void> close();

  Result<bool> create(std::optional<Secret<std::string>> given) override;
  Result<bool> exists() override;
  Result<Secret<std::string>> words() override;
  Result<std::string> lock_key() override;

  rt::Task<wallet::MintRow> add_mint(std::string url, std::stop_token stop) override;
  Result<> remove_mint(std::string url) override;
  Result<> set_home(std::string url) override;
  Result<> set_cap(std::string url, std::optional<cashu::Amount> cap) override;
  Result<std::vector<wallet::MintBalance>> balances() override;
  rt::Task<wallet::MintSummary> examine(std::string url, std::stop_token stop) override;

  rt::Task<wallet::OperationView> mint(cashu::Amount amount, Caller caller,
                                       std::stop_token stop) override;
  rt::Task<wallet::OperationView> melt(wallet::MeltTerms terms, Caller caller,
                                       wallet::Patience patience, std::stop_token stop) override;
  rt::Task<wallet::OperationView> send(wallet::SendTerms terms, std::optional<std::string> memo,
                                       Caller caller, wallet::Patience patience,
                                       std::stop_token stop) override;
  rt::Task<wallet::OperationView> receive(Secret<std::string> token, bool offline,
                                          wallet::Patience patience, std::stop_token stop) override;
  rt::Task<wallet::OperationView> take_back(wallet::OperationId sent, wallet::Patience patience,
                                            std::stop_token stop) override;
  rt::Task<wallet::RestoreReport> restore(std::string url, std::stop_token stop) override;

  rt::Task<wallet::OperationView> swap_between_mints(Route route, wallet::Patience patience,
                                                     std::stop_token stop) override;
  Result<wallet::OperationView> cancel(wallet::OperationId id) override;
  Result<wallet::CostedPlan> plan_payment(wallet::PaymentTerms terms) override;
  rt::Task<wallet::PaymentOutcome> build_payment_token(wallet::PaymentTerms terms,
                                                       std::optional<std::string> key,
                                                       wallet::Patience patience,
                                                       std::stop_token stop) override;
  Result<std::vector<wallet::Wallet::RouteView>> routes() override;

  Result<BackedUp> back_up(std::optional<rt::Path> file) override;
  Result<wallet::BackupFacts> take_in_backup(rt::Path file,
                                             std::optional<Secret<std::string>> words) override;
  Result<BackupState> backup_state() override;
  Result<wallet::RepairReport> repair(std::optional<wallet::RepairWay> way) override;
  Result<> check() override;
  rt::Task<std::vector<RecoveryView>> recover(std::stop_token stop) override;
  Result<std::vector<RecoveryView>> recoveries() override;
  Result<> set_aside(std::string url) override;

  rt::Task<wallet::OperationView> go_on(wallet::OperationId id, wallet::Patience patience,
                                        std::stop_token stop) override;
  rt::Task<std::vector<rpc::WalletLine>> resume(wallet::Patience patience,
                                                std::stop_token stop) override;
  Result<wallet::OperationView> show(wallet::OperationId id) override;
  Result<std::vector<rpc::WalletLine>> history(std::uint64_t limit,
                                               std::optional<wallet::OperationId> before) override;
  Result<Secret<std::string>> token_of(wallet::OperationId id) override;

  Result<wallet::WalletDb*> database() override;
  Result<std::vector<std::string>> accepted_mints() override;
  rt::Task<wallet::OperationView> redeem(Secret<std::string> token,
                                         std::function<Result<>(wallet::OperationId)> on_begun,
                                         wallet::Patience patience, std::stop_token stop) override;
  rt::Task<wallet::OperationView> hand_out(std::string mint, cashu::Amount amount, std::string key,
                                           wallet::Patience patience,
                                           std::stop_token stop) override;
  rt::Task<wallet::PaymentOutcome> pay(wallet::PaymentTerms terms, std::string key,
                                       wallet::Patience patience, std::stop_token stop) override;

  Result<std::vector<rpc::WalletLine>> open_operations() override;
  Result<std::vector<wallet::Wallet::Ending>> ending_keysets() override;
  Result<std::vector<std::string>> audit() override;
  Result<bool> is_old_copy() override;

 private:
  class Call;
  Result<wallet::Wallet*> open();
  Result<> put_unused_words_aside();
  Result<> check_words_open_it();
  Result<wallet::OperationView> shown(const wallet::Operation& operation);
  Result<std::vector<rpc::WalletLine>> lines_of(std::vector<wallet::Operation> operations);
  boost::asio::awaitable<void> look_after_open(std::stop_token stop);
  rt::Task<> look_after_recovery(std::stop_token stop);
  void back_up_hourly();
  void check_weekly();
  // From here on nothing is asked of the wallet any more, until it is repaired.
  void close_for_damage(const Error& error);
  // Nothing is lost when the database gives way to another one. Errors: denied, try_later.
  Result<> check_nothing_lives_here();
  wallet::WalletPlace place() const;
  boost::asio::awaitable<void> look_after_handed(std::stop_token stop);
  rt::Path words_path() const { return options_.data_dir / "keys" / "wallet.words"; }
  rt::Path database_path() const { return options_.data_dir / "db" / "wallet.db"; }

  rt::Env env_;
  WalletRoomOptions options_;
  std::unique_ptr<wallet::Wallet> wallet_;
  rt::Scope scope_;
  int calls_ = 0;  // that take their time, now
  rt::Instant next_backup_{};
  std::optional<Error> damage_;  // found in the database: it stays closed
  bool closed_ = false;
};

}  // namespace archy::app
