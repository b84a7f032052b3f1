#include "app/wallet_room.hpp"

#include <fmt/core.h>

#include "app/either_stop.hpp"
#include "base/log.hpp"
#include "crypto/bip39.hpp"
#include "rt/signal.hpp"
#include "wallet/ledger/words.hpp"

namespace archy::app {
namespace {

using rpc::WalletLine;
using wallet::OperationId;
using wallet::OperationView;
using wallet::Patience;

constexpr rt::Duration kBetweenLooks = std::chrono::seconds(60);
constexpr rt::Duration kBetweenLooksAtHanded = std::chrono::minutes(10);
constexpr Patience kOfALook{.all = std::chrono::seconds(10), .insists = false};

// Words that were never used for anything, so that nothing is worth looking for them but a lock
// key that somebody was told: each is kept.
constexpr int kMostPutAside = 100;
// Operations that are read to see whether words fit: few have no request at all.
constexpr std::uint64_t kLooksForASeal = 50;

}  // namespace

// Around what takes its time: the wallet stays open until it has ended.
class WalletRoom::Call {
 public:
  Call(WalletRoom& room, std::stop_token caller)
      : room_(room), either_(room.options_.ending(), std::move(caller)) {
    ++room_.calls_;
  }
  ~Call() { --room_.calls_; }
  Call(const Call&) = delete;
  std::stop_token stop() const { return either_.token(); }

 private:
  WalletRoom& room_;
  EitherStop either_;
};

WalletRoom::WalletRoom(const rt::Env& env, WalletRoomOptions options)
    : env_(env), options_(std::move(options)), scope_(env.executor) {}

WalletRoom::~WalletRoom() = default;

Result<wallet::Wallet*> WalletRoom::open() {
  if (damage_) return fail(*damage_);
  if (wallet_) return wallet_.get();
  if (closed_) return fail(Code::cancelled, "the node is stopping");
  TRY(there, exists());
  if (!there) return fail(Code::not_found, "there is no wallet yet (archipelago wallet init)");
  TRY(words, this->words());
  TRY(seed, crypto::parse_words(words.reveal()));
  auto opened = wallet::Wallet::open(env_, options_.http(), seed, place());
  if (!opened && opened.error().code == Code::corrupt) {
    close_for_damage(opened.error());
    return fail(*damage_);
  }
  if (!opened) return fail(opened.error());
  wallet_ = std::move(*opened);
  if (wallet_->is_old_copy()) {
    log::warn("wallet",
              "db/wallet.db is an older copy than the last one: mints are asked what was used "
              "since, before anything is spent");
  }
  return wallet_.get();
}

wallet::WalletPlace WalletRoom::place() const {
  wallet::WalletPlace out;
  out.database = database_path();
  out.openings = options_.data_dir / "db" / "wallet.openings";
  out.backups.push_back(options_.data_dir / "backups");
  const rt::Path second = options_.second_backups ? options_.second_backups() : rt::Path();
  if (!second.empty()) out.backups.push_back(second);
  return out;
}

void WalletRoom::look_after_everything() {
  if (auto there = exists(); there && *there) {
    if (auto opened = open(); !opened)
      log::error("wallet", "does not open: {}", to_string(opened.error()));
  }
  scope_.start(look_after_open(scope_.stop_token()));
  scope_.start(look_after_handed(scope_.stop_token()));
}

boost::asio::awaitable<void> WalletRoom::look_after_open(std::stop_token stop) {
  while (!stop.stop_requested()) {
    check_weekly();
    if (wallet_ && !damage_) {
      const Call call(*this, stop);
      auto recovered = co_await look_after_recovery(call.stop());
      if (!recovered && !stop.stop_requested())
        log::warn("wallet", "recovery: {}", to_string(recovered.error()));
      auto went = co_await wallet_->resume(kOfALook, call.stop());
      if (!went && !stop.stop_requested())
        log::warn("wallet", "open operations: {}", to_string(went.error()));
      back_up_hourly();
    }
    const rt::Instant next = env_.clock.now() + kBetweenLooks;
    (void)co_await rt::sleep_until(env_.executor, env_.clock, next, stop);
  }
}

// Beside the other one: mints that are away take their time, one token after another.
boost::asio::awaitable<void> WalletRoom::look_after_handed(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (wallet_ && !damage_) {
      const Call call(*this, stop);
      auto asked = co_await wallet_->look_after_handed(call.stop());
      if (!asked) log::debug("wallet", "tokens that are out: {}", to_string(asked.error()));
    }
    const rt::Instant next = env_.clock.now() + kBetweenLooksAtHanded;
    (void)co_await rt::sleep_until(env_.executor, env_.clock, next, stop);
  }
}

boost::asio::awaitable<void> WalletRoom::close() {
  closed_ = true;
  co_await scope_.close(env_.clock);
  if (!wallet_) co_return;
  if (damage_) {
    wallet_->abandon();
    wallet_.reset();
    co_return;
  }
  if (auto closed = wallet_->close(); !closed)
    log::warn("wallet", "not closed in order: {}", to_string(closed.error()));
  wallet_.reset();
}

// --- words ---------------------------------------------------------------------------------------

Result<bool> WalletRoom::exists() {
  if (env_.files.kind(words_path()).has_value()) return true;
  if (!env_.files.kind(database_path()).has_value()) return false;
  return fail(Code::corrupt, fmt::format("{} is missing although there is a wallet: put it back, "
                                         "or give its words (archipelago wallet init --words FILE)",
                                         words_path().string()));
}

Result<> WalletRoom::put_unused_words_aside() {
  TRY(wallet, open());
  TRY(any, wallet->history(1));
  if (!any.empty())
    return fail(Code::denied, "there is a wallet here with words of its own, and it was used");
  if (calls_ > 0) return fail(Code::try_later, "the wallet is in use now");
  TRY_OK(wallet->close());
  wallet_.reset();
  for (int i = 1; i <= kMostPutAside; ++i) {
    const rt::Path aside = words_path().string() + fmt::format(".unused-{}", i);
    if (env_.files.kind(aside).has_value()) continue;
    return env_.files.rename(words_path(), aside);
  }
  return fail(Code::denied, "too many words were put aside in keys/");
}

Result<bool> WalletRoom::create(std::optional<Secret<std::string>> given) {
  if (closed_) return fail(Code::cancelled, "the node is stopping");
  if (given) TRY_OK(crypto::parse_words(given->reveal()));
  if (env_.files.kind(words_path()).has_value()) {
    if (!given) return false;
    TRY(here, words());
    if (here.reveal() == given->reveal()) return false;
    TRY_OK(put_unused_words_aside());
  } else if (!given) {
    TRY_OK(exists());
  }
  TRY_OK(wallet::write_words(env_.files, words_path(), given ? *given : crypto::random_words()));
  auto opens = check_words_open_it();
  if (opens) return true;
  wallet_.reset();
  TRY_OK(env_.files.remove(words_path()));
  return fail(opens.error());
}

// What is sealed in the database was sealed with these words.
Result<> WalletRoom::check_words_open_it() {
  TRY(wallet, open());
  TRY(last, wallet->history(kLooksForASeal));
  for (const wallet::Operation& operation : last) {
    const auto view = wallet->show(operation.id);
    if (!view && view.error().code == Code::corrupt)
      return fail(Code::bad_input, "these are not the words of the wallet that is here");
    if (!view) return fail(view.error());
  }
  return {};
}

Result<Secret<std::string>> WalletRoom::words() {
  TRY(there, exists());
  TRY(words, wallet::read_words(env_.files, words_path()));
  if (!there || !words)
    return fail(Code::not_found, "there is no wallet yet (archipelago wallet init)");
  return *words;
}

Result<std::string> WalletRoom::lock_key() {
  TRY(wallet, open());
  return wallet->lock_key();
}

// --- mints ---------------------------------------------------------------------------------------

rt::Task<wallet::MintRow> WalletRoom::add_mint(std::string url, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  co_return co_await wallet->add_mint(std::move(url), call.stop());
}

Result<> WalletRoom::remove_mint(std::string url) {
  TRY(wallet, open());
  return wallet->remove_mint(url);
}

Result<> WalletRoom::set_home(std::string url) {
  TRY(wallet, open());
  return wallet->set_home(url);
}

Result<> WalletRoom::set_cap(std::string url, std::optional<cashu::Amount> cap) {
  TRY(wallet, open());
  return wallet->set_cap(url, cap);
}

Result<std::vector<wallet::MintBalance>> WalletRoom::balances() {
  TRY(wallet, open());
  return wallet->balances();
}

rt::Task<wallet::MintSummary> WalletRoom::examine(std::string url, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  co_return co_await wallet->examine(std::move(url), call.stop());
}

// --- money ---------------------------------------------------------------------------------------

rt::Task<OperationView> WalletRoom::mint(cashu::Amount amount, Caller caller,
                                         std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation, co_await wallet->mint(amount, std::move(caller), call.stop()));
  co_return shown(operation);
}

rt::Task<OperationView> WalletRoom::melt(wallet::MeltTerms terms, Caller caller, Patience patience,
                                         std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation,
         co_await wallet->melt(std::move(terms), std::move(caller), patience, call.stop()));
  co_return shown(operation);
}

rt::Task<OperationView> WalletRoom::send(wallet::SendTerms terms, std::optional<std::string> memo,
                                         Caller caller, Patience patience, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation, co_await wallet->send(std::move(terms), std::move(memo), std::move(caller),
                                          patience, call.stop()));
  co_return shown(operation);
}

rt::Task<OperationView> WalletRoom::receive(Secret<std::string> token, bool offline,
                                            Patience patience, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation, co_await wallet->receive(token, offline, patience, call.stop()));
  co_return shown(operation);
}

rt::Task<OperationView> WalletRoom::take_back(OperationId sent, Patience patience,
                                              std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation, co_await wallet->take_back(sent, patience, call.stop()));
  co_return shown(operation);
}

rt::Task<wallet::RestoreReport> WalletRoom::restore(std::string url, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  co_return co_await wallet->restore(std::move(url), call.stop());
}

rt::Task<std::vector<WalletRoom::RecoveryView>> WalletRoom::recover(std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  co_return co_await wallet->recover(call.stop());
}

rt::Task<OperationView> WalletRoom::swap_between_mints(Route route, Patience patience,
                                                       std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation, co_await wallet->swap_between_mints(route.from, route.to, route.terms,
                                                        route.key, patience, call.stop()));
  co_return shown(operation);
}

Result<OperationView> WalletRoom::cancel(OperationId id) {
  TRY(wallet, open());
  TRY(operation, wallet->cancel(id));
  return shown(operation);
}

Result<wallet::CostedPlan> WalletRoom::plan_payment(wallet::PaymentTerms terms) {
  TRY(wallet, open());
  return wallet->plan_payment(terms);
}

rt::Task<wallet::PaymentOutcome> WalletRoom::build_payment_token(wallet::PaymentTerms terms,
                                                                 std::optional<std::string> key,
                                                                 Patience patience,
                                                                 std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  co_return co_await wallet->build_payment_token(std::move(terms), std::move(key), patience,
                                                 call.stop());
}

Result<std::vector<wallet::Wallet::RouteView>> WalletRoom::routes() {
  TRY(wallet, open());
  return wallet->routes();
}

// --- operations ----------------------------------------------------------------------------------

rt::Task<OperationView> WalletRoom::go_on(OperationId id, Patience patience, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation, co_await wallet->go_on(id, patience, call.stop()));
  co_return shown(operation);
}

rt::Task<std::vector<WalletLine>> WalletRoom::resume(Patience patience, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operations, co_await wallet->resume(patience, call.stop()));
  co_return lines_of(std::move(operations));
}

// As the call left it: the note of a mint that was not reached is not in the book.
Result<OperationView> WalletRoom::shown(const wallet::Operation& operation) {
  TRY(view, show(operation.id));
  if (view.operation.note.empty()) view.operation.note = operation.note;
  return view;
}

Result<OperationView> WalletRoom::show(OperationId id) {
  TRY(wallet, open());
  return wallet->show(id);
}

Result<std::vector<WalletLine>> WalletRoom::lines_of(std::vector<wallet::Operation> operations) {
  TRY(wallet, open());
  TRY(balances, wallet->balances());
  std::vector<WalletLine> out;
  for (wallet::Operation& operation : operations) {
    TRY(counterpart, wallet->counterpart_of(operation));
    WalletLine line{std::move(operation), {}, std::move(counterpart)};
    for (const wallet::MintBalance& balance : balances)
      if (balance.mint.id == line.operation.mint) line.mint_url = balance.mint.url;
    out.push_back(std::move(line));
  }
  return out;
}

Result<std::vector<WalletLine>> WalletRoom::history(std::uint64_t limit,
                                                    std::optional<OperationId> before) {
  TRY(wallet, open());
  TRY(operations, wallet->history(limit, before));
  return lines_of(std::move(operations));
}

Result<Secret<std::string>> WalletRoom::token_of(OperationId id) {
  TRY(wallet, open());
  return wallet->token_of(id);
}

// --- for the gate --------------------------------------------------------------------------------

Result<wallet::WalletDb*> WalletRoom::database() {
  TRY(wallet, open());
  return &wallet->database();
}

Result<std::vector<std::string>> WalletRoom::accepted_mints() {
  TRY(wallet, open());
  return wallet->accepted_mints();
}

rt::Task<OperationView> WalletRoom::redeem(Secret<std::string> token,
                                           std::function<Result<>(OperationId)> on_begun,
                                           Patience patience, std::stop_token stop) {
  CO_TRY(wallet, open());
  const Call call(*this, std::move(stop));
  CO_TRY(operation,
         co_await wallet->redeem(std::move(token), std::move(on_begun), patience, call.stop()));
  co_return shown(operation);
}

rt::Task<OperationView> WalletRoom::hand_out(std::string mint, cashu::Amount amount,
                                             std::string key, Patience patience,
                                             std::stop_token stop) {
  wallet::SendTerms terms{.amount = amount};
  Caller caller{std::move(mint), std::move(key)};
  co_return co_await send(std::move(terms), {}, std::move(caller), patience, std::move(stop));
}

rt::Task<wallet::PaymentOutcome> WalletRoom::pay(wallet::PaymentTerms terms, std::string key,
                                                 Patience patience, std::stop_token stop) {
  std::optional<std::string> name(std::move(key));
  co_return co_await build_payment_token(std::move(terms), std::move(name), patience,
                                         std::move(stop));
}

Result<std::vector<WalletLine>> WalletRoom::open_operations() {
  TRY(wallet, open());
  TRY(operations, wallet->open_operations());
  return lines_of(std::move(operations));
}

Result<std::vector<wallet::Wallet::Ending>> WalletRoom::ending_keysets() {
  TRY(wallet, open());
  return wallet->ending_keysets();
}

Result<std::vector<std::string>> WalletRoom::audit() {
  TRY(wallet, open());
  return wallet->audit();
}

Result<bool> WalletRoom::is_old_copy() {
  TRY(wallet, open());
  return wallet->is_old_copy();
}

}  // namespace archy::app
