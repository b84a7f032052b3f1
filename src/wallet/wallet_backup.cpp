// Backups of a wallet: when they are made, and how the wallet is after one was put back.
#include <algorithm>

#include "base/log.hpp"
#include "wallet/backup/self_check.hpp"
#include "wallet/wallet.hpp"

namespace archy::wallet {

using cashu::Amount;
using namespace std::chrono_literals;

// How long a backup may be behind what it and the words bring back all the same.
constexpr rt::Duration kSoon = 1s;

// --- making them ---------------------------------------------------------------------------------

Result<> Wallet::check() {
  TRY_OK(db_->connection().check_integrity(false));
  const auto complaints = check_rows(books_);
  if (!complaints) return fail(as_damage(complaints.error()));
  if (!complaints->empty())
    return fail(Code::corrupt, "wallet.db is damaged: " + complaints->front());
  return books_.mints.set_checked_ms(books_.now_ms());
}

Result<std::int64_t> Wallet::checked_ms() { return books_.mints.checked_ms(); }

Result<std::vector<rt::Path>> Wallet::back_up() {
  // What is damaged must not take the place of what is not.
  TRY_OK(db_->connection().check_integrity(false));
  TRY_OK(count_backup());
  return put_backup();
}

Result<> Wallet::compare_with_backups() {
  const auto last = shelf_.last_named(books_.keys);
  if (!last) return {};
  TRY(inside, books_.mints.backups());
  if (last->facts.number <= inside) return {};
  TRY(transaction, books_.db.begin());
  TRY_OK(books_.recoveries.begin(books_.now_ms()));
  TRY_OK(books_.mints.set_backups(last->facts.number));
  TRY_OK(transaction.commit());
  is_old_copy_ = true;
  return {};
}

Result<> Wallet::count_backup() {
  if (shelf_.folders().empty()) return {};
  TRY(number, books_.mints.backups());
  return books_.mints.set_backups(number + 1);
}

Result<std::vector<rt::Path>> Wallet::put_backup() {
  const std::int64_t changes = db_->connection().total_changes();
  auto made = backup_maker_.make(books_);
  auto put = made ? shelf_.put(books_.keys, *made, books_.now_ms())
                  : Result<std::vector<rt::Path>>(fail(made.error()));
  backup_trouble_ = put ? "" : to_string(put.error());
  backed_up_changes_ = changes;
  return put;
}

void Wallet::keep_backup_soon() {
  if (shelf_.folders().empty() || is_backup_near_) return;
  is_backup_near_ = true;
  backup_timer_->arm(env_.clock.now() + kSoon, [this] {
    is_backup_near_ = false;
    keep_backup();
  });
}

void Wallet::keep_backup() {
  if (shelf_.folders().empty()) return;
  if (db_->connection().total_changes() == backed_up_changes_) return;
  if (auto counted = count_backup(); !counted) {
    log::warn("wallet", "no backup: {}", to_string(counted.error()));
    return;
  }
  put_backup_or_say();
}

void Wallet::put_backup_or_say() {
  if (shelf_.folders().empty()) return;
  const std::string before = backup_trouble_;
  const auto put = put_backup();
  if (!put && backup_trouble_ != before) log::warn("wallet", "no backup: {}", backup_trouble_);
}

Result<BackupFacts> Wallet::back_up_to(rt::Path path) {
  const auto kind = env_.files.kind(path);
  if (!kind && kind.error().code != Code::not_found) return fail(kind.error());
  if (kind) {
    auto there = *kind == rt::FileKind::regular ? read_backup_file(env_.files, path)
                                                : Result<Bytes>(fail(Code::denied, ""));
    if (!there || !looks_like_backup(*there))
      return fail(Code::denied, path.native() + " is there already, and is no wallet backup");
  }
  TRY_OK(db_->connection().check_integrity(false));
  TRY(bytes, backup_maker_.make(books_));
  TRY_OK(write_backup(env_.files, books_.keys, path, bytes));
  return read_backup_facts(env_.files, books_.keys, path);
}

Wallet::BackupState Wallet::backup_state() { return {shelf_.newest(books_.keys), backup_trouble_}; }

// --- after one was put back ----------------------------------------------------------------------

Result<> Wallet::may_spend_at(const KnownMint& mint) {
  TRY(all, books_.recoveries.list());
  for (const Recovery& one : all) {
    const bool here = one.mint == mint.id();
    if (one.state == RecoveryState::set_aside && here)
      return fail(Code::denied, mint.url() +
                                    " was set aside: it has to answer first "
                                    "(archipelago wallet recover)");
    if (one.state != RecoveryState::needed) continue;
    TRY(row, books_.mints.find(one.mint));
    return fail(Code::denied,
                "the wallet was put back from a backup, and nothing is spent before " +
                    (row ? row->url : std::string("every mint")) +
                    " has answered (archipelago wallet recover)");
  }
  return {};
}

rt::Task<> Wallet::one_round_each(MintId mint, std::stop_token stop) {
  CO_TRY(open, books_.operations.open());
  for (const Operation& operation : open) {
    if (operation.mint != mint) continue;
    auto went = co_await go_on(operation.id, {.all = rt::Duration::zero()}, stop);
    if (!went && went.error().code == Code::cancelled) co_return fail(went.error());
  }
  co_return Result<>{};
}

Result<bool> Wallet::has_undecided(const Recovery& recovery) {
  TRY(open, books_.operations.open());
  return std::ranges::any_of(open, [&](const Operation& one) {
    return one.mint == recovery.mint && one.id <= recovery.last_operation;
  });
}

Result<> Wallet::note_recovered(MintId mint, const RestoreReport& report) {
  TRY(row, books_.recoveries.find(mint));
  if (!row || row->state == RecoveryState::done) return {};
  TRY(undecided, has_undecided(*row));
  row->found = row->found.plus(report.found).value_or(row->found);
  row->spent = row->spent.plus(report.lost).value_or(row->spent);
  row->state = undecided ? RecoveryState::checked : RecoveryState::done;
  row->note.clear();
  return books_.recoveries.put(*row);
}

rt::Task<> Wallet::recover_mint(Recovery recovery, std::stop_token stop) {
  CO_TRY(mint, mints_.at(recovery.mint));
  mint->client().breaker().let_try();
  CO_TRY_OK(co_await mint->refresh(stop));
  CO_TRY_OK(co_await one_round_each(mint->id(), stop));
  CO_TRY_OK(co_await make_ready(books_, *mint, stop));
  const bool checked = recovery.state == RecoveryState::checked;
  CO_TRY(undecided, has_undecided(recovery));
  if (checked && undecided) co_return Result<>{};
  RestoreReport report;
  if (mint->info().restore && mint->info().states && !checked) {
    CO_TRY(restored, co_await restore_from(books_, *mint, stop));
    report = restored;
  } else if (mint->info().states) {
    // What operations from before have brought since may be spent by another copy, too.
    CO_TRY(by, books_.operations.begin({OperationKind::restore, mint->id()}, books_.now_ms()));
    auto lost = co_await mark_what_is_spent(books_, *mint, by.id, stop);
    by.state = lost ? OperationState::done : OperationState::failed;
    by.stage = lost ? Stage::settled : Stage::undone;
    CO_TRY_OK(books_.operations.update(by, books_.now_ms()));
    if (!lost) co_return fail(lost.error());
    report.lost = *lost;
  }
  co_return note_recovered(mint->id(), report);
}

rt::Task<std::vector<Wallet::RecoveryView>> Wallet::recover(std::stop_token stop) {
  CO_TRY(all, books_.recoveries.list());
  for (const Recovery& one : all) {
    if (one.state == RecoveryState::done) continue;
    auto went = co_await recover_mint(one, stop);
    if (went) continue;
    if (went.error().code == Code::cancelled) co_return fail(went.error());
    CO_TRY(row, books_.recoveries.find(one.mint));
    if (!row) continue;
    row->note = went.error().detail;
    CO_TRY_OK(books_.recoveries.put(*row));
  }
  keep_backup();
  co_return recoveries();
}

Result<std::vector<Wallet::RecoveryView>> Wallet::recoveries() {
  TRY(all, books_.recoveries.list());
  std::vector<RecoveryView> out;
  for (Recovery& one : all) {
    TRY(row, books_.mints.find(one.mint));
    TRY(unknown, books_.operations.undecided_sum(one.mint, one.last_operation));
    out.push_back({std::move(one), row ? row->url : "", unknown});
  }
  return out;
}

Result<> Wallet::set_aside(std::string_view url) {
  TRY(row, books_.mints.find(url));
  if (!row) return fail(Code::not_found, "no such mint in the wallet");
  TRY(recovery, books_.recoveries.find(row->id));
  if (!recovery || recovery->state == RecoveryState::done ||
      recovery->state == RecoveryState::checked)
    return fail(Code::not_found, row->url + " has not to be asked");
  recovery->state = RecoveryState::set_aside;
  TRY_OK(books_.recoveries.put(*recovery));
  keep_backup();
  return {};
}

}  // namespace archy::wallet
