#include "wallet/ledger/recovery_book.hpp"

#include "wallet/ledger/amount_column.hpp"

namespace archy::wallet {
std::string_view to_string(RecoveryState state) {
  switch (state) {
    case RecoveryState::needed:
      return "needed";
    case RecoveryState::set_aside:
      return "set_aside";
    case RecoveryState::checked:
      return "checked";
    case RecoveryState::done:
      return "done";
  }
  return "unknown";
}

Result<> RecoveryBook::begin(std::int64_t now_ms) {
  TRY_OK(db_.run("UPDATE keysets SET doubtful = 1"));
  // Nobody here knows any more that it never left.
  TRY_OK(db_.run("UPDATE requests SET state = 1, sendings = 1 WHERE state = 0"));
  TRY_OK(db_.run("DELETE FROM recoveries"));
  return db_.run(
      "INSERT INTO recoveries (mint, state, begun_ms, last_operation) SELECT id, ?, ?, "
      "(SELECT coalesce(max(id), 0) FROM operations) FROM mints WHERE trusted "
      "OR id IN (SELECT mint FROM operations WHERE state IN (0, 3)) "
      "OR id IN (SELECT k.mint FROM keysets k JOIN proofs p ON p.keyset = k.id "
      "WHERE p.state <> 3)",
      RecoveryState::needed, now_ms);
}

Result<std::vector<Recovery>> RecoveryBook::list() {
  TRY(query, db_.query("SELECT mint, state, found, spent, note, begun_ms, last_operation "
                       "FROM recoveries ORDER BY mint"));
  std::vector<Recovery> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.push_back({MintId(query.integer(0)), static_cast<RecoveryState>(query.integer(1)),
                   amount_at(query, 2), amount_at(query, 3), std::string(query.text(4)),
                   query.integer(5), OperationId(query.integer(6))});
  }
}

Result<std::optional<Recovery>> RecoveryBook::find(MintId mint) {
  TRY(all, list());
  for (Recovery& one : all)
    if (one.mint == mint) return std::optional(std::move(one));
  return std::optional<Recovery>{};
}

Result<> RecoveryBook::put(const Recovery& recovery) {
  return db_.run("UPDATE recoveries SET state = ?, found = ?, spent = ?, note = ? WHERE mint = ?",
                 recovery.state, integer_of(recovery.found), integer_of(recovery.spent),
                 std::string_view(recovery.note), recovery.mint.value());
}

Result<bool> RecoveryBook::concerns(const Operation& operation) {
  TRY(recovery, find(operation.mint));
  return recovery && operation.id <= recovery->last_operation;
}

}  // namespace archy::wallet
