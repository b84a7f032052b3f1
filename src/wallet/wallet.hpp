// The wallet as everybody above meets it: what may be asked of it, and what it answers. Every call
// that moves money returns an operation that is at an end or in the book as open; an open one is
// gone on with by go_on(), resume(), or the next start.
//
// Thread: the loop. Lifetime: what it was opened with outlives it. One process at a time has the
// database (locked).
#pragma once

#include <functional>
#include <map>
#include <set>

#include "rt/env.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"
#include "wallet/across/cross_swap.hpp"
#include "wallet/across/payment.hpp"
#include "wallet/backup/backup_shelf.hpp"
#include "wallet/melt_flow.hpp"
#include "wallet/receive_flow.hpp"
#include "wallet/restore_flow.hpp"
#include "wallet/send_flow.hpp"

namespace archy::wallet {

struct WalletPlace {
  rt::Path database;  // db/wallet.db
  rt::Path openings;  // a count beside it that tells an old copy from the newest one
  db::Options options = {};
  std::vector<rt::Path> backups = {};  // folders; each gets every backup
};

struct MintBalance {
  MintRow mint;
  cashu::Amount spendable;
  cashu::Amount reserved;     // in operations that are not decided: neither lost nor to be spent
  cashu::Amount given;        // in tokens that nobody has redeemed yet
  cashu::Amount quarantined;  // the mint does not take it
  MintBreaker::State breaker = {};
};

struct OperationView {
  Operation operation;
  std::string mint_url;
  std::string counterpart_url;  // of a cross swap and its parts: the mint at the other end
  std::optional<Quote> quote;
  struct RequestView {
    std::string path;
    RequestState state;
    bool unanswered;
    std::size_t outputs;
  };
  std::vector<RequestView> requests;
};

// How long a caller waits before he is told that an operation is still open.
struct Patience {
  rt::Duration all = std::chrono::seconds(30);
  rt::Duration answer = std::chrono::seconds(20);  // for one request; melts take their time
  // A mint that did not answer lately is tried all the same (mint_breaker.hpp).
  bool insists = true;
};

struct MintSummary {
  std::string url;
  bool reachable = false;
  std::string why;
  cashu::MintInfo info;
  std::optional<std::uint64_t> input_fee_ppk;
  std::optional<std::uint64_t> final_expiry;
};

class Wallet {
 public:
  // Opens or makes the database. `seed`: of the wallet's words. Errors: as WalletDb::open.
  static Result<std::unique_ptr<Wallet>> open(const rt::Env& env, http::Client& http,
                                              const crypto::Bip39Seed& seed,
                                              const WalletPlace& place);
  ~Wallet();
  Wallet(const Wallet&) = delete;

  // --- mints -----------------------------------------------------------------------------------
  // Puts a mint in when it answers as one. Errors: bad_input, unreachable, peer_fault, unsupported
  // (no keyset of ours), denied (a keyset of another mint).
  rt::Task<MintRow> add_mint(std::string url, std::stop_token stop);
  Result<> remove_mint(std::string_view url);
  Result<> set_home(std::string_view url);
  Result<> set_cap(std::string_view url, std::optional<cashu::Amount> cap);
  Result<bool> is_mint_trusted(std::string_view url) { return books_.mints.is_trusted(url); }
  // URLs of the trusted mints, home first.
  Result<std::vector<std::string>> accepted_mints();
  Result<std::vector<MintBalance>> balances();
  // Of trusted and of other mints alike: what lies there can be spent.
  Result<std::map<std::string, cashu::Amount>> spendable_by_mint();

  // --- money -----------------------------------------------------------------------------------
  // `mint`: its URL, none: home. `key`: the caller's name for the operation; with the same request
  // the same operation is returned, whatever has become of it.
  struct Caller {
    std::optional<std::string> mint = std::nullopt;
    std::optional<std::string> key = std::nullopt;
  };
  // An invoice to be paid by somebody; go_on() claims it. Errors: begin_mint's.
  rt::Task<Operation> mint(cashu::Amount amount, Caller caller, std::stop_token stop);
  rt::Task<Operation> melt(MeltTerms terms, Caller caller, Patience patience, std::stop_token stop);
  // Ecash at `from` becomes as much at `to`, for `most_fee` at most. The operation's amount is what
  // was delivered, its fee what was lost on the way. Errors: what stands in the way before anything
  // was sent (cross_swap.hpp), and the operation has failed then.
  rt::Task<Operation> swap_between_mints(std::string from, std::string to, CrossTerms terms,
                                         std::optional<std::string> key, Patience patience,
                                         std::stop_token stop);
  // How it would be paid now, and what each way is expected to cost. Nobody is asked.
  Result<CostedPlan> plan_payment(const PaymentTerms& terms);
  // A token for a payee, after a swap where that is needed. `key`: with the same terms the same
  // token. Errors: bad_input; denied (the key was used for other terms); the disk's. What mints and
  // limits have against it is told as NoPayment.
  rt::Task<PaymentOutcome> build_payment_token(PaymentTerms terms, std::optional<std::string> key,
                                               Patience patience, std::stop_token stop);
  struct RouteView {
    std::string from, to;
    SizeBucket bucket = 0;
    Route route;  // as it is now
  };
  Result<std::vector<RouteView>> routes();
  // Ends a cross swap of which nothing was sent. Errors: not_found; denied: money is on its way.
  Result<Operation> cancel(OperationId id);
  // The token is token_of() the operation when that is done.
  rt::Task<Operation> send(SendTerms terms, std::optional<std::string> memo, Caller caller,
                           Patience patience, std::stop_token stop);
  // `offline`: without asking the mint, for tokens that are locked to lock_key() alone.
  rt::Task<Operation> receive(Secret<std::string> token, bool offline, Patience patience,
                              std::stop_token stop);
  // A token from a payer. `on_begun`: as begin_receive's.
  rt::Task<Operation> redeem(Secret<std::string> token, OnBegun on_begun, Patience patience,
                             std::stop_token stop);
  rt::Task<Operation> take_back(OperationId sent, Patience patience, std::stop_token stop);
  rt::Task<RestoreReport> restore(std::string url, std::stop_token stop);

  // --- backups, and what follows when one is put back ------------------------------------------
  // To the folders, whether anything has changed or not. Errors: the disk's, of the first folder
  // that failed.
  Result<std::vector<rt::Path>> back_up();
  // To a file, which may be an older backup. Errors: denied: something else is there; the disk's.
  Result<BackupFacts> back_up_to(rt::Path path);
  struct BackupState {
    std::optional<FoundBackup> newest;  // that opens
    std::string trouble;                // of the last attempt; empty: it went well
  };
  BackupState backup_state();
  // Asks each mint that has to be asked before anything is spent, and goes on with its operations.
  // How they are then; none: nothing was put back. Errors: the disk's; what mints do is told there.
  struct RecoveryView {
    Recovery recovery;
    std::string mint_url;
    cashu::Amount unknown;  // in operations from before that are not decided
  };
  rt::Task<std::vector<RecoveryView>> recover(std::stop_token stop);
  Result<std::vector<RecoveryView>> recoveries();
  // This mint holds up the others no longer; nothing is spent there until it has answered.
  // Errors: not_found: it has not to be asked.
  Result<> set_aside(std::string_view url);

  // --- operations ------------------------------------------------------------------------------
  // Rounds with pauses until the operation is at an end or patience is. Errors: not_found, and the
  // disk's; what the mint does is told by the operation.
  rt::Task<Operation> go_on(OperationId id, Patience patience, std::stop_token stop);
  // All open operations, those of different mints at once; at invoices that nobody has paid yet
  // there is one look. How they are then.
  rt::Task<std::vector<Operation>> resume(Patience patience, std::stop_token stop);
  // Ecash of keysets that end within a week is swapped for such that lasts; what is begun is in the
  // book, to be gone on with. resume() does it first. Errors: the disk's.
  rt::Task<> sweep(std::stop_token stop);
  struct Ending {
    std::string mint_url;
    std::string keyset;
    std::uint64_t final_expiry = 0;  // Units: seconds since 1970
    cashu::Amount here;              // spendable
  };
  Result<std::vector<Ending>> ending_keysets();
  // Asks which tokens that are out were redeemed.
  rt::Task<> look_after_handed(std::stop_token stop);
  Result<OperationView> show(OperationId id);
  // URL of the mint at the other end; empty: there is none.
  Result<std::string> counterpart_of(const Operation& operation);
  Result<std::vector<Operation>> history(std::uint64_t limit,
                                         std::optional<OperationId> before = std::nullopt);
  Result<std::vector<Operation>> open_operations() { return books_.operations.open(); }
  // Errors: not_found; so too when it was taken back.
  Result<Secret<std::string>> token_of(OperationId id);

  // --- the rest --------------------------------------------------------------------------------
  // For rows about money that are kept beside it (streaming).
  WalletDb& database() { return *db_; }
  // What others lock ecash to for us. Shape: hex of the compressed point.
  std::string lock_key() const;
  // What the mint says it is and can do, asked now.
  rt::Task<MintSummary> examine(std::string url, std::stop_token stop);
  // The ledger's sum against the proofs, mint by mint: one line for each that does not add up.
  Result<std::vector<std::string>> audit();
  // The whole database and what its rows say (self_check.hpp). When it was done last is in the
  // book. Errors: corrupt, with what is wrong; the disk's.
  Result<> check();
  // Since 1970, of the last one that found nothing; 0: there was none.
  Result<std::int64_t> checked_ms();
  // True when the database is an older copy than the last one opened here.
  bool is_old_copy() const { return is_old_copy_; }
  // The destructor writes nothing any more: the database turned out to be damaged.
  void abandon();
  // Checkpoints and closes. Errors: io, no_space: nothing is lost.
  Result<> close();

 private:
  Wallet(const rt::Env& env, http::Client& http, const crypto::Bip39Seed& seed,
         std::unique_ptr<WalletDb> db, std::vector<rt::Path> backups);
  class Driving;
  // From its row to a stored payment; ended where that cannot be.
  rt::Task<> arm_driven(Operation operation, Patience patience, std::stop_token stop);
  rt::Task<> round(Operation& operation, rt::Duration patience, std::stop_token stop);
  rt::Task<Operation> drive(OperationId id, Patience patience, std::stop_token stop);
  // Where anything has changed since the last one; what goes wrong is logged and told by
  // backup_state().
  void keep_backup();
  // Within a second: for what the newest backup and the words bring back without it, too.
  void keep_backup_soon();
  void put_backup_or_say();
  // The number of the next one. Durable before it is made: a backup with a higher one than the
  // database's is of a newer database.
  Result<> count_backup();
  Result<std::vector<rt::Path>> put_backup();
  // A backup that is newer than the database shows that the database has lost something.
  Result<> compare_with_backups();
  // Errors: denied: the mint, or another one, has to be asked first.
  Result<> may_spend_at(const KnownMint& mint);
  // A part is gone on with by its cross swap while that is open.
  Result<OperationId> driver_of(OperationId id);
  Patience patience_for(OperationId id, Patience patience);
  rt::Task<> one_round_each(MintId mint, std::stop_token stop);
  // Whether operations from before are open.
  Result<bool> has_undecided(const Recovery& recovery);
  Result<> note_recovered(MintId mint, const RestoreReport& report);
  rt::Task<> recover_mint(Recovery recovery, std::stop_token stop);
  Result<> undo_unsent_ones();
  using Brought = std::variant<cashu::Amount, NoPayment>;
  rt::Task<Brought> bring(CostedWay way, PaymentTerms terms, std::optional<std::string> key,
                          Patience patience, std::stop_token stop);
  rt::Task<PaymentOutcome> hand_over(std::string mint, PaymentTerms terms, cashu::Amount spent,
                                     std::optional<std::string> key, Sha256Digest request,
                                     Patience patience, std::stop_token stop);
  Result<PaymentOutcome> as_payment(const Operation& sent, const PaymentTerms& terms,
                                    cashu::Amount spent);
  rt::Task<std::optional<Operation>> swapped_before(std::string key, std::size_t& tried,
                                                    Patience patience, std::stop_token stop);
  rt::Task<> meet_accepted(PaymentTerms terms, std::stop_token stop);
  Result<NewOperation> asked_for(const Caller& caller, const Sha256Digest& request);
  static Sha256Digest payment_digest(const PaymentTerms& terms);
  Result<cashu::Amount> cost_of(OperationId swap);
  // What a swap that serves something else has cost. Errors: try_later: it is not decided.
  rt::Task<cashu::Amount> make_swap(OperationId swap, std::function<void(cashu::Amount)> on_fee,
                                    Patience patience, std::stop_token stop);
  rt::Task<cashu::Amount> merge_for_melt(KnownMint& mint, const MeltTerms& terms, Patience patience,
                                         std::stop_token stop);
  // Swaps small proofs together while `amount` is there only in too many of them. What it has cost.
  rt::Task<cashu::Amount> merge_small(KnownMint& mint, cashu::Amount amount,
                                      std::optional<cashu::Amount> most_fee,
                                      std::function<void(cashu::Amount)> on_fee, Patience patience,
                                      std::stop_token stop);
  Result<std::optional<Operation>> begun_before(const Caller& caller, const Sha256Digest& request);

  rt::Env env_;
  std::unique_ptr<WalletDb> db_;
  Books books_;
  Mints mints_;
  std::set<OperationId> driven_;  // somebody goes on with these now
  rt::Signal progress_;           // an operation has got somewhere
  BackupShelf shelf_;
  BackupMaker backup_maker_;
  std::unique_ptr<rt::Timer> backup_timer_;
  bool is_backup_near_ = false;         // the timer is armed
  std::int64_t backed_up_changes_ = 0;  // of the connection, when the last one was made
  std::string backup_trouble_;
  bool is_old_copy_ = false;
};

}  // namespace archy::wallet
