// The quotes of a mint's book.
#include "testmint/book.hpp"

namespace archy::testmint {
namespace {

std::uint64_t u64(const db::Query& query, int column) {
  return static_cast<std::uint64_t>(query.integer(column));
}

Result<std::vector<std::string>> texts(db::Query& query) {
  std::vector<std::string> out;
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.emplace_back(query.text(0));
  }
}

}  // namespace

Result<> Book::put(const MintQuoteRow& row) {
  return connection_->run(
      "INSERT INTO mint_quotes (id, amount, invoice, hash, owner, paid, issued, expiry_s, "
      "updated_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET "
      "paid = ?6, issued = ?7, expiry_s = ?8, updated_s = ?9",
      row.id, row.amount, row.invoice, row.hash, row.owner, row.paid, row.issued, row.expiry_s,
      row.updated_s);
}

Result<std::optional<MintQuoteRow>> Book::mint_quote(std::string_view id) {
  TRY(query, connection_->query("SELECT id, amount, invoice, hash, owner, paid, issued, expiry_s, "
                                "updated_s, forgotten FROM mint_quotes WHERE id = ?",
                                id));
  TRY(there, query.step());
  if (!there) return std::nullopt;
  MintQuoteRow out;
  out.id = query.text(0);
  out.amount = u64(query, 1);
  out.invoice = query.text(2);
  out.hash = query.bytes32<Sha256Digest>(3).value_or(Sha256Digest{});
  if (!query.is_null(4)) out.owner = std::string(query.text(4));
  out.paid = u64(query, 5);
  out.issued = u64(query, 6);
  out.expiry_s = u64(query, 7);
  out.updated_s = u64(query, 8);
  out.forgotten = query.integer(9) != 0;
  return out;
}

Result<> Book::put(const MeltQuoteRow& row) {
  return connection_->run(
      "INSERT INTO melt_quotes (id, invoice, hash, amount, fee_reserve, state, expiry_s, "
      "operation, fee, preimage, change_rule, change_less) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO UPDATE SET "
      "state = ?6, expiry_s = ?7, operation = ?8, fee = ?9, preimage = ?10, change_rule = ?11, "
      "change_less = ?12",
      row.id, row.invoice, row.hash, row.amount, row.fee_reserve, row.state, row.expiry_s,
      row.operation, row.fee, row.preimage, row.change_rule, row.change_less);
}

Result<std::optional<MeltQuoteRow>> Book::melt_quote(std::string_view id) {
  TRY(query, connection_->query("SELECT id, invoice, hash, amount, fee_reserve, state, expiry_s, "
                                "operation, fee, preimage, change_rule, change_less, forgotten "
                                "FROM melt_quotes WHERE id = ?",
                                id));
  TRY(there, query.step());
  if (!there) return std::nullopt;
  MeltQuoteRow out;
  out.id = query.text(0);
  out.invoice = query.text(1);
  out.hash = query.bytes32<Sha256Digest>(2).value_or(Sha256Digest{});
  out.amount = u64(query, 3);
  out.fee_reserve = u64(query, 4);
  out.state = static_cast<cashu::QuoteState>(query.integer(5));
  out.expiry_s = u64(query, 6);
  out.operation = query.integer(7);
  out.fee = u64(query, 8);
  out.preimage = query.text(9);
  out.change_rule = static_cast<ChangeRule>(query.integer(10));
  out.change_less = u64(query, 11);
  out.forgotten = query.integer(12) != 0;
  return out;
}

Result<std::vector<std::string>> Book::all_mint_quotes() {
  TRY(query, connection_->query("SELECT id FROM mint_quotes ORDER BY id"));
  return texts(query);
}

Result<std::vector<std::string>> Book::pending_melts() {
  TRY(query, connection_->query("SELECT id FROM melt_quotes WHERE state = ? ORDER BY id",
                                cashu::QuoteState::pending));
  return texts(query);
}

// The row stays: the sums must hold.
Result<> Book::forget_quote(std::string_view id) {
  TRY_OK(connection_->run("UPDATE mint_quotes SET forgotten = 1 WHERE id = ?", id));
  return connection_->run("UPDATE melt_quotes SET forgotten = 1 WHERE id = ?", id);
}

Result<> Book::expire_quote(std::string_view id, std::uint64_t at_s) {
  TRY_OK(connection_->run("UPDATE mint_quotes SET expiry_s = ? WHERE id = ?", at_s, id));
  return connection_->run("UPDATE melt_quotes SET expiry_s = ? WHERE id = ?", at_s, id);
}

}  // namespace archy::testmint
