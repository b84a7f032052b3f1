// The wallet's room: backups, and the wallet that is made from one.
#include <fmt/core.h>

#include <algorithm>

#include "app/wallet_room.hpp"
#include "base/log.hpp"
#include "crypto/bip39.hpp"
#include "wallet/backup/backup_import.hpp"
#include "wallet/ledger/words.hpp"

namespace archy::app {
namespace {

constexpr rt::Duration kBetweenBackups = std::chrono::hours(1);
constexpr std::int64_t kBetweenChecksMs = std::int64_t{7} * 24 * 3600 * 1000;

Result<> check_absolute(const rt::Path& path) {
  if (path.is_absolute()) return {};
  return fail(Code::bad_input, "file: wants an absolute path");
}

}  // namespace

Result<rpc::WalletApi::BackedUp> WalletRoom::back_up(std::optional<rt::Path> file) {
  if (file) TRY_OK(check_absolute(*file));
  TRY(wallet, open());
  BackedUp out;
  if (file) {
    TRY(facts, wallet->back_up_to(*file));
    out.files.push_back(std::move(*file));
    out.facts = facts;
    return out;
  }
  TRY(files, wallet->back_up());
  out.files = std::move(files);
  if (const auto newest = wallet->backup_state().newest) out.facts = newest->facts;
  return out;
}

Result<rpc::WalletApi::BackupState> WalletRoom::backup_state() {
  TRY(wallet, open());
  return wallet->backup_state();
}

void WalletRoom::back_up_hourly() {
  if (!wallet_ || damage_ || env_.clock.now() < next_backup_) return;
  next_backup_ = env_.clock.now() + kBetweenBackups;
  auto made = wallet_->back_up();
  if (!made && made.error().code == Code::corrupt) {
    close_for_damage(made.error());
    log::error("wallet", "{}", damage_->detail);
  } else if (!made) {
    log::warn("wallet", "no backup: {}", to_string(made.error()));
  }
}

// --- damage --------------------------------------------------------------------------------------

void WalletRoom::close_for_damage(const Error& error) {
  damage_ = Error{Code::corrupt, error.detail +
                                     "; the wallet is closed, nothing is lost yet "
                                     "(archipelago wallet repair)"};
}

void WalletRoom::check_weekly() {
  if (!wallet_ || damage_) return;
  const auto last_ms = wallet_->checked_ms();
  const bool due = !last_ms || env_.clock.unix_ms() - *last_ms > kBetweenChecksMs;
  if (!due) return;
  auto checked = wallet_->check();
  if (checked || checked.error().code != Code::corrupt) return;
  close_for_damage(checked.error());
  log::error("wallet", "{}", damage_->detail);
}

Result<> WalletRoom::check() {
  TRY(wallet, open());
  auto checked = wallet->check();
  if (!checked && checked.error().code == Code::corrupt) close_for_damage(checked.error());
  return checked;
}

Result<wallet::RepairReport> WalletRoom::repair(std::optional<wallet::RepairWay> way) {
  if (auto opened = open(); opened) {
    TRY_OK(check());
    if (!damage_) return fail(Code::denied, "the wallet's database is sound");
  } else if (!damage_) {
    return fail(opened.error());
  }
  if (calls_ > 0) return fail(Code::try_later, "the wallet is in use now");
  TRY(words, this->words());
  TRY(seed, crypto::parse_words(words.reveal()));
  // What stands in its log stays there: nothing is written to a damaged file.
  if (wallet_) wallet_->abandon();
  wallet_.reset();
  TRY(report, wallet::repair(env_, seed, place(), way));
  damage_.reset();
  TRY_OK(open());
  return report;
}

// --- taking one in -------------------------------------------------------------------------------

Result<> WalletRoom::check_nothing_lives_here() {
  if (!env_.files.kind(database_path()).has_value()) return {};
  auto opened = open();
  if (!opened)
    return fail(Code::denied,
                "there is a wallet here, and it does not open: " + to_string(opened.error()));
  TRY(any, (*opened)->history(1));
  TRY(mints, (*opened)->balances());
  if (!any.empty() || !mints.empty())
    return fail(Code::denied, "there is a wallet here already; a backup never replaces one");
  if (calls_ > 0) return fail(Code::try_later, "the wallet is in use now");
  return {};
}

Result<wallet::BackupFacts> WalletRoom::take_in_backup(rt::Path file,
                                                       std::optional<Secret<std::string>> given) {
  if (closed_) return fail(Code::cancelled, "the node is stopping");
  TRY_OK(check_absolute(file));
  TRY(here, wallet::read_words(env_.files, words_path()));
  if (!given && !here)
    return fail(Code::bad_input, "the words of the backup are missing (--words FILE)");
  const Secret<std::string> words = given ? *given : *here;
  TRY(seed, crypto::parse_words(words.reveal()));
  // All that can be known beforehand, before anything is changed.
  const wallet::WalletKeys keys(seed);
  TRY(bytes, wallet::read_backup_file(env_.files, file));
  TRY(backup, wallet::open_backup(env_.files, keys, bytes));
  TRY(facts, wallet::facts_of(*backup));
  facts.bytes = bytes.size();
  TRY_OK(check_nothing_lives_here());
  const bool other_words = here && here->reveal() != words.reveal();
  if (other_words) TRY_OK(put_unused_words_aside());
  if (wallet_) {
    TRY_OK(wallet_->close());
    wallet_.reset();
  }
  if (auto removed = env_.files.remove(database_path());
      !removed && removed.error().code != Code::not_found)
    return fail(removed.error());
  if (!here || other_words) TRY_OK(wallet::write_words(env_.files, words_path(), words));
  TRY_OK(wallet::import_backup(env_, seed, *backup, {database_path(), {}}));
  TRY_OK(open());
  return facts;
}

// --- recovery ------------------------------------------------------------------------------------

rt::Task<> WalletRoom::look_after_recovery(std::stop_token stop) {
  CO_TRY(before, wallet_->recoveries());
  const auto is_done = [](const RecoveryView& view) {
    return view.recovery.state == wallet::RecoveryState::done;
  };
  if (std::ranges::all_of(before, is_done)) co_return Result<>{};
  CO_TRY(after, co_await wallet_->recover(std::move(stop)));
  for (std::size_t i = 0; i < after.size() && i < before.size(); ++i) {
    const RecoveryView& now = after[i];
    if (now.recovery.state == before[i].recovery.state) continue;
    log::info("wallet", "{}: {}, {} sat found, {} sat were spent, {} sat not known yet",
              now.mint_url, to_string(now.recovery.state), now.recovery.found.value(),
              now.recovery.spent.value(), now.unknown.value());
  }
  co_return Result<>{};
}

Result<std::vector<rpc::WalletApi::RecoveryView>> WalletRoom::recoveries() {
  TRY(wallet, open());
  return wallet->recoveries();
}

Result<> WalletRoom::set_aside(std::string url) {
  TRY(wallet, open());
  return wallet->set_aside(url);
}

}  // namespace archy::app
