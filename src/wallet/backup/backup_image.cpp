#include "wallet/backup/backup_image.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cashu/mint_info.hpp"
#include "wallet/ledger/schema.hpp"

namespace archy::wallet {
namespace {

constexpr std::string_view kMagic = "archipelago wallet backup 1\n";
constexpr std::string_view kAnyMagic = "archipelago wallet backup ";
constexpr std::string_view kPlace = "wallet backup 1";
// Of operations that callers gave names to.
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kNamesKeptMs = 30 * kDayMs;
constexpr int kMostNames = 10'000;

constexpr std::string_view kOpen = "SELECT id FROM operations WHERE state IN (0, 3)";

// Their ecash would be lost with the database.
Result<std::string> mints_without_restore(Books& books) {
  TRY(mints, books.mints.list());
  std::string out;
  for (const MintRow& mint : mints) {
    TRY(text, books.mints.info(mint.id));
    auto info = text ? cashu::parse_info(*text) : Result<cashu::MintInfo>(cashu::MintInfo{});
    if (info && info->restore && info->states) continue;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", mint.id.value());
  }
  return out;
}

std::string kept_proofs(const std::string& mints) {
  return fmt::format(
      "SELECT y FROM proofs WHERE state IN (1, 2, 4) UNION "
      "SELECT y FROM proofs WHERE held_by IN ({}) UNION "
      "SELECT p.y FROM keysets k JOIN proofs p ON p.keyset = k.id WHERE k.mint IN ({}) AND "
      "p.state = 0",
      kOpen, mints);
}

std::string kept_operations(const std::string& proofs, std::int64_t now_ms) {
  const std::string of_proofs = fmt::format(
      "SELECT came_by FROM proofs WHERE y IN ({0}) UNION "
      "SELECT held_by FROM proofs WHERE y IN ({0})",
      proofs);
  const std::string held = fmt::format(
      "{0} UNION SELECT id FROM operations WHERE part_of IN ({0}) UNION {1}", kOpen, of_proofs);
  return fmt::format(
      "{0} UNION SELECT takes_back FROM operations WHERE id IN ({0}) UNION "
      "SELECT part_of FROM operations WHERE id IN ({0}) UNION "
      "SELECT id FROM (SELECT id FROM operations WHERE idempotency_key IS NOT NULL AND "
      "idempotency_key NOT LIKE 'token %' AND created_ms > {1} ORDER BY created_ms DESC LIMIT {2})",
      held, (now_ms - kNamesKeptMs) / kDayMs * kDayMs, kMostNames);
}

// What stands in a table of the backup.
std::string rows_of(std::string_view table, const std::string& proofs,
                    const std::string& operations) {
  const std::string all = fmt::format("SELECT * FROM {}", table);
  if (table == "operations") return fmt::format("{} WHERE id IN ({}) ORDER BY id", all, operations);
  if (table == "requests" || table == "quotes" || table == "transfers")
    return fmt::format("{} WHERE operation IN ({})", all, kOpen);
  if (table == "outputs")
    return fmt::format(
        "{} WHERE request IN (SELECT id FROM requests WHERE operation IN ({})) ORDER BY request, "
        "position",
        all, kOpen);
  if (table == "received") return fmt::format("{} WHERE operation IN ({})", all, operations);
  // Those with which something can still be bought, or is still to be given back.
  if (table == "payments") return fmt::format("{} WHERE operation IN ({})", all, operations);
  if (table == "sessions")
    return fmt::format(
        "{} WHERE closed_ms IS NULL OR (refund IS NULL AND credit_msat > used_msat) OR "
        "id IN (SELECT session FROM payments WHERE operation IN ({}))",
        all, operations);
  if (table == "proofs") return fmt::format("{} WHERE y IN ({})", all, proofs);
  return all;
}

Result<std::uint64_t> count_of(db::Connection& db, const char* sql) {
  TRY(query, db.query(sql));
  TRY(there, query.step());
  return there ? static_cast<std::uint64_t>(query.integer(0)) : 0;
}

Result<> copy_for_backup(Books& books, db::Connection& image, db::Connection::Copying how) {
  TRY(mints, mints_without_restore(books));
  const std::string proofs = kept_proofs(mints);
  const std::string operations = kept_operations(proofs, books.now_ms());
  TRY(transaction, db::Transaction::begin(image));
  for (const std::string_view table : kWalletTables)
    TRY_OK(books.db.connection().copy_rows(rows_of(table, proofs, operations), std::string(table),
                                           image, how));
  // A token that was taken in is spent.
  TRY_OK(image.run("UPDATE operations SET sealed = NULL WHERE kind = ? AND state IN (1, 2)",
                   OperationKind::receive));
  TRY_OK(image.run("INSERT OR REPLACE INTO facts (name, value) VALUES ('backup_ms', ?)",
                   books.now_ms()));
  return transaction.commit();
}

}  // namespace

Result<std::unique_ptr<db::Connection>> select_for_backup(rt::Files& files, Books& books,
                                                          db::Connection::Copying how) {
  TRY(image, db::Connection::open_image(files, wallet_schema()));
  TRY_OK(copy_for_backup(books, *image, how));
  return std::move(image);
}

Result<Bytes> BackupMaker::fill(Books& books) {
  if (!image_) {
    TRY(made, db::Connection::open_image(files_, wallet_schema()));
    image_ = std::move(made);
  }
  // Rolled back, so that it is empty again.
  TRY(transaction, db::Transaction::begin(*image_));
  TRY_OK(copy_for_backup(books, *image_, db::Connection::Copying::exact));
  TRY_OK(image_->check_integrity(false));
  return image_->image();
}

Result<Bytes> BackupMaker::make(Books& books) {
  TRY(plain, fill(books));
  crypto::SealNonce nonce;
  random_.fill(nonce);
  Bytes out(as_bytes(kMagic).begin(), as_bytes(kMagic).end());
  append(out, crypto::seal(books.keys.backup_key(), nonce, plain, kPlace));
  return out;
}

bool looks_like_backup(ByteView head) { return as_text(head).starts_with(kAnyMagic); }

Result<Secret<Bytes>> unseal_backup(const WalletKeys& keys, ByteView bytes) {
  const std::string_view text = as_text(bytes);
  if (!text.starts_with(kAnyMagic)) return fail(Code::bad_input, "this is no wallet backup");
  if (!text.starts_with(kMagic))
    return fail(Code::unsupported, "a wallet backup of a newer archipelago");
  auto plain = crypto::open_sealed(keys.backup_key(), bytes.subspan(kMagic.size()), kPlace);
  if (!plain)
    return fail(Code::bad_input, "this backup is of other words, or it is not whole any more");
  return std::move(*plain);
}

Result<std::unique_ptr<db::Connection>> open_backup(rt::Files& files, const WalletKeys& keys,
                                                    ByteView bytes) {
  TRY(plain, unseal_backup(keys, bytes));
  return db::Connection::open_image(files, wallet_schema(), plain.reveal());
}

Result<BackupFacts> facts_of(db::Connection& backup) {
  BackupFacts out;
  TRY(made, count_of(backup, "SELECT value FROM facts WHERE name = 'backup_ms'"));
  out.made_ms = static_cast<std::int64_t>(made);
  TRY(number, count_of(backup, "SELECT value FROM facts WHERE name = 'backup_number'"));
  out.number = number;
  TRY(mints, count_of(backup, "SELECT count(*) FROM mints WHERE trusted"));
  out.mints = mints;
  TRY(open, count_of(backup, "SELECT count(*) FROM operations WHERE state IN (0, 3)"));
  out.open_operations = open;
  TRY(tokens, count_of(backup, "SELECT count(DISTINCT held_by) FROM proofs WHERE state = 2"));
  out.tokens_out = tokens;
  return out;
}

}  // namespace archy::wallet
