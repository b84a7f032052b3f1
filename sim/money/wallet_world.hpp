// One wallet and its mints in a world of their own: virtual time, virtual disks, mints that fail as
// they are told, no sockets. The wallet can be killed between any two things it does.
#pragma once

#include "sim/world.hpp"
#include "testmint/direct_client.hpp"
#include "testmint/linked_mints.hpp"
#include "wallet/backup/backup_import.hpp"
#include "wallet/backup/repair.hpp"

namespace archy::sim {

// What the disk of a killed wallet holds.
enum class Death : unsigned char {
  killed,     // what was written, synced or not: SIGKILL leaves the cache alone
  power_cut,  // what was synced, and of the rest what chance left
};

class WalletWorld {
 public:
  explicit WalletWorld(std::uint64_t seed, std::vector<testmint::MintOptions> mints = {});
  ~WalletWorld();
  WalletWorld(const WalletWorld&) = delete;

  // Opens the wallet of these words; as a program that starts. Errors: Wallet::open's.
  Result<> start(std::uint8_t words = 7);
  // As a second program in the same directory, while the first one runs. Errors: Wallet::open's.
  Result<> start_another();
  wallet::Wallet& wallet() { return *wallet_; }
  bool is_running() const { return wallet_ != nullptr; }
  // What the wallet reaches mints through from its next start; null: http().
  void set_client(http::Client* client) { client_ = client; }
  // What is in the data directory. The wallet is closed for it, or was killed.
  std::map<std::string, Bytes> copy_data_dir();
  // That, and nothing else.
  void put_data_dir(const std::map<std::string, Bytes>& files);
  // The wallet's database gives way to a new one, as after damage. Errors: wallet::repair's.
  Result<wallet::RepairReport> repair(std::optional<wallet::RepairWay> way);
  // The wallet is closed for it.
  std::map<std::string, Bytes> copy_database();
  void put_database_back(const std::map<std::string, Bytes>& copy);
  // Its database is gone; the words are all that is left.
  Result<> forget_wallet();
  // From its next start on it keeps backups, on a disk that no loss of the machine touches.
  void keep_backups() { backups_ = {here_.root / "elsewhere"}; }
  wallet::BackupShelf backups() { return {here_.files, backups_}; }
  // The machine is gone, and in a new data directory the newest backup is taken in. `die_at`: in
  // the middle of which disk call of that; 0: of none. Errors: not_found: there is no backup.
  Result<> take_in_newest_backup(std::uint64_t die_at = 0, Death death = Death::killed);
  // At once, whatever it was doing; the calls that were under way end with errors. A call that
  // waits for an answer hears nothing any more.
  void kill(Death death);
  // In the middle of the n-th call of the disk from now on (1: the next one).
  void kill_at_disk_call(std::uint64_t nth, Death death);
  bool was_killed() const { return killed_; }
  // Whether the call of kill_at_disk_call() has not come yet.
  bool is_armed() const { return here_.files.calls_until_cut() > 0; }

  // Runs the world until the call has ended. Errors: the call's; timed_out: not within a virtual
  // day.
  template <class T>
  Result<T> run(rt::Task<T> call) {
    auto out = std::make_shared<std::optional<Result<T>>>();
    launch(keep(std::move(call), out));
    wait([out] { return out->has_value(); });
    if (!out->has_value()) return fail(Code::timed_out, "the call never ended");
    return std::move(**out);
  }
  // Two calls at once, until both have ended.
  template <class T>
  std::pair<Result<T>, Result<T>> run_both(rt::Task<T> one, rt::Task<T> other) {
    auto first = std::make_shared<std::optional<Result<T>>>();
    auto second = std::make_shared<std::optional<Result<T>>>();
    launch(keep(std::move(one), first));
    launch(keep(std::move(other), second));
    wait([first, second] { return first->has_value() && second->has_value(); });
    const Error never{Code::timed_out, "the call never ended"};
    return {first->value_or(std::unexpected(never)), second->value_or(std::unexpected(never))};
  }
  // Calls that go on while others are run; wait_for() them.
  template <class T>
  std::shared_ptr<std::optional<Result<T>>> start_call(rt::Task<T> call) {
    auto out = std::make_shared<std::optional<Result<T>>>();
    launch(keep(std::move(call), out));
    return out;
  }
  void wait_for(const std::function<bool()>& done) { wait(done); }
  // Lets time pass.
  void pass(rt::Duration time);

  testmint::Mint& mint(std::string_view name) { return *mints_->find(name); }
  testmint::LinkedMints& mints() { return *mints_; }
  testmint::Lightning& lightning() { return mints_->lightning(); }
  testmint::DirectClient& http() { return *http_; }
  static std::string url(std::string_view mint) { return "http://" + std::string(mint) + ".test"; }
  std::int64_t now_ms() const { return there_.clock.unix_ms(); }
  NodeClock& wallet_clock() { return here_.clock; }
  rt::Env wallet_env() { return here_.env(); }
  DiskFiles& wallet_disk() { return here_.files; }
  rt::Path data_dir() const { return here_.data_dir(); }
  std::stop_token stop() { return stop_.get_token(); }
  VirtualTime& time() { return world_.time; }

  // An invoice that somebody outside is to be paid with.
  std::string outside_invoice(std::uint64_t sat);
  void pay_from_outside(const std::string& invoice);
  // Ecash of this sum, minted and paid for. Errors: what stood in the way.
  Result<> fund(std::string_view mint, std::uint64_t sat);

  // Every sat of every mint: by its own book, what wallets and Lightning hold adds up. `others`:
  // unspent ecash that tests hold outside the wallet. Gives what is wrong, or nothing.
  std::string imbalance(std::string_view mint, std::uint64_t others = 0);
  std::uint64_t balance(std::string_view mint);
  // Proofs of the wallet that are not spent, whatever holds them, and that the mint agrees with.
  std::uint64_t holdings(std::string_view mint);

 private:
  Result<std::unique_ptr<wallet::Wallet>> open(std::uint8_t words);
  template <class T>
  static boost::asio::awaitable<void> keep(rt::Task<T> call,
                                           std::shared_ptr<std::optional<Result<T>>> out) {
    out->emplace(co_await std::move(call));
  }
  static crypto::Bip39Seed seed_of(std::uint8_t words);
  void launch(boost::asio::awaitable<void> flow);
  void wait(const std::function<bool()>& done);
  void bury();
  Result<> power_up();
  wallet::WalletPlace place() const;

  World world_;
  Machine here_;   // the wallet's
  Machine there_;  // the mints', which nobody kills
  std::unique_ptr<testmint::LinkedMints> mints_;
  std::unique_ptr<testmint::DirectClient> http_;
  http::Client* client_ = nullptr;
  std::vector<rt::Path> backups_;
  std::unique_ptr<wallet::Wallet> wallet_;
  std::stop_source stop_;
  std::uint64_t running_ = 0;  // calls under way
  bool killed_ = false;
};

}  // namespace archy::sim
