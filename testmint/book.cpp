#include "testmint/book.hpp"

namespace archy::testmint {
namespace {

// Nothing is ever deleted from `issued`, and from `spent` only what was held and let go.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE keysets (
  number INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  input_fee_ppk INTEGER NOT NULL,
  final_expiry INTEGER,
  active INTEGER NOT NULL,
  expired INTEGER NOT NULL
) STRICT;
CREATE TABLE operations (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  quote TEXT NOT NULL,
  inputs INTEGER NOT NULL,
  outputs INTEGER NOT NULL,
  input_fee INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE issued (
  b BLOB NOT NULL PRIMARY KEY CHECK (length(b) = 33),
  keyset TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  c BLOB NOT NULL CHECK (length(c) = 33),
  e BLOB NOT NULL CHECK (length(e) = 32),
  s BLOB NOT NULL CHECK (length(s) = 32),
  operation INTEGER NOT NULL REFERENCES operations (id),
  position INTEGER NOT NULL,
  UNIQUE (operation, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE spent (
  y BLOB NOT NULL PRIMARY KEY CHECK (length(y) = 33),
  keyset TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  witness TEXT,
  state INTEGER NOT NULL CHECK (state IN (1, 2)),
  operation INTEGER NOT NULL REFERENCES operations (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_by ON spent (operation);
CREATE TRIGGER spent_is_spent BEFORE DELETE ON spent WHEN OLD.state = 2 BEGIN
  SELECT RAISE(ABORT, 'a spent proof stays spent'); END;
CREATE TABLE blanks (
  operation INTEGER NOT NULL REFERENCES operations (id),
  position INTEGER NOT NULL,
  b BLOB NOT NULL,
  keyset TEXT NOT NULL,
  PRIMARY KEY (operation, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX blanks_by_b ON blanks (b);
CREATE TABLE mint_quotes (
  id TEXT NOT NULL PRIMARY KEY,
  amount INTEGER NOT NULL,
  invoice TEXT NOT NULL,
  hash BLOB NOT NULL,
  owner TEXT,
  paid INTEGER NOT NULL,
  issued INTEGER NOT NULL,
  expiry_s INTEGER NOT NULL,
  updated_s INTEGER NOT NULL,
  forgotten INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE melt_quotes (
  id TEXT NOT NULL PRIMARY KEY,
  invoice TEXT NOT NULL,
  hash BLOB NOT NULL,
  amount INTEGER NOT NULL,
  fee_reserve INTEGER NOT NULL,
  state INTEGER NOT NULL,
  expiry_s INTEGER NOT NULL,
  operation INTEGER NOT NULL,
  fee INTEGER NOT NULL,
  preimage TEXT NOT NULL,
  change_rule INTEGER NOT NULL,
  change_less INTEGER NOT NULL,
  forgotten INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE remarks (id INTEGER PRIMARY KEY, what TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
)sql";

constexpr const char* kSteps[] = {kVersion1};
constexpr db::Schema kSchema{"mint.db", 0x6172574d, kSteps};

std::uint64_t u64(const db::Query& query, int column) {
  return static_cast<std::uint64_t>(query.integer(column));
}

ByteView view(const crypto::CompressedPoint& point) { return point; }

std::array<std::uint8_t, 32> bytes32(ByteView view) {
  std::array<std::uint8_t, 32> out{};
  std::copy_n(view.begin(), std::min(view.size(), out.size()), out.begin());
  return out;
}

// From (keyset, amount, c, e, s) at `from`.
Result<cashu::BlindSignature> signature_at(const db::Query& query, int from) {
  TRY(id, cashu::KeysetId::parse(query.text(from)));
  TRY(c, crypto::Point::parse(query.blob(from + 2)));
  return cashu::BlindSignature{
      cashu::Amount(u64(query, from + 1)), id, c,
      cashu::Dleq{bytes32(query.blob(from + 3)), bytes32(query.blob(from + 4))}};
}

}  // namespace

Result<std::unique_ptr<Book>> Book::open(rt::Files& files, const rt::Path& path,
                                         const db::Options& options) {
  TRY(connection, db::Connection::open(files, path, kSchema, options));
  return std::unique_ptr<Book>(new Book(std::move(connection)));
}

Result<std::optional<Bytes>> Book::seed() {
  TRY(query, connection_->query("SELECT value FROM facts WHERE name = 'seed'"));
  TRY(row, query.step());
  if (!row) return std::nullopt;
  return to_bytes(query.blob(0));
}

Result<> Book::put_seed(ByteView seed) {
  return connection_->run("INSERT INTO facts VALUES ('seed', ?)", seed);
}

Result<std::vector<KeysetRow>> Book::keysets() {
  TRY(query, connection_->query("SELECT number, version, input_fee_ppk, final_expiry, active, "
                                "expired FROM keysets ORDER BY number"));
  std::vector<KeysetRow> out;
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    KeysetRow keyset;
    keyset.number = u64(query, 0);
    keyset.plan.version = static_cast<cashu::KeysetId::Version>(query.integer(1));
    keyset.plan.input_fee_ppk = u64(query, 2);
    if (!query.is_null(3)) keyset.plan.final_expiry = u64(query, 3);
    keyset.active = query.integer(4) != 0;
    keyset.expired = query.integer(5) != 0;
    out.push_back(keyset);
  }
}

Result<> Book::put(const KeysetRow& row) {
  return connection_->run("INSERT OR REPLACE INTO keysets VALUES (?, ?, ?, ?, ?, ?)", row.number,
                          row.plan.version, row.plan.input_fee_ppk, row.plan.final_expiry,
                          row.active, row.expired);
}

Result<std::int64_t> Book::put(const OperationRow& row) {
  TRY_OK(
      connection_->run("INSERT INTO operations (kind, quote, inputs, outputs, input_fee, at_ms) "
                       "VALUES (?, ?, ?, ?, ?, ?)",
                       row.kind, row.quote, row.inputs, row.outputs, row.input_fee, row.at_ms));
  return connection_->last_insert_id();
}

Result<std::optional<OperationRow>> Book::operation(std::int64_t id) {
  TRY(query, connection_->query("SELECT kind, quote, inputs, outputs, input_fee, at_ms "
                                "FROM operations WHERE id = ?",
                                id));
  TRY(row, query.step());
  if (!row) return std::nullopt;
  return OperationRow{static_cast<OperationKind>(query.integer(0)),
                      std::string(query.text(1)),
                      u64(query, 2),
                      u64(query, 3),
                      u64(query, 4),
                      query.integer(5)};
}

Result<> Book::put_outputs(std::int64_t operation, std::uint64_t sum) {
  return connection_->run("UPDATE operations SET outputs = ? WHERE id = ?", sum, operation);
}

Result<> Book::put_issued(std::int64_t operation, std::size_t position, const crypto::Point& b,
                          const cashu::BlindSignature& signature) {
  const auto on = b.compressed();
  const auto c = signature.c.compressed();
  return connection_->run("INSERT INTO issued VALUES (?, ?, ?, ?, ?, ?, ?, ?)", view(on),
                          signature.keyset.text(), signature.amount.value(), view(c),
                          ByteView(signature.dleq->e), ByteView(signature.dleq->s), operation,
                          position);
}

Result<std::optional<cashu::BlindSignature>> Book::issued_on(const crypto::Point& b) {
  const auto on = b.compressed();
  TRY(query,
      connection_->query("SELECT keyset, amount, c, e, s FROM issued WHERE b = ?", view(on)));
  TRY(row, query.step());
  if (!row) return std::nullopt;
  TRY(signature, signature_at(query, 0));
  return signature;
}

Result<std::vector<std::pair<std::size_t, cashu::BlindSignature>>> Book::issued_by(
    std::int64_t operation) {
  TRY(query, connection_->query("SELECT position, keyset, amount, c, e, s FROM issued "
                                "WHERE operation = ? ORDER BY position",
                                operation));
  std::vector<std::pair<std::size_t, cashu::BlindSignature>> out;
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    TRY(signature, signature_at(query, 1));
    out.emplace_back(u64(query, 0), std::move(signature));
  }
}

Result<> Book::hold(std::int64_t operation, const crypto::Point& y, const cashu::Proof& proof,
                    cashu::SpendState state) {
  const auto key = y.compressed();
  return connection_->run("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?)", view(key),
                          proof.keyset.text(), proof.amount.value(), proof.witness, state,
                          operation);
}

Result<Book::Spend> Book::spend_of(const crypto::Point& y) {
  const auto key = y.compressed();
  TRY(query, connection_->query("SELECT state, witness FROM spent WHERE y = ?", view(key)));
  TRY(row, query.step());
  if (!row) return Spend{};
  Spend out{static_cast<cashu::SpendState>(query.integer(0)), {}};
  if (!query.is_null(1)) out.witness = std::string(query.text(1));
  return out;
}

Result<> Book::settle(std::int64_t operation) {
  return connection_->run("UPDATE spent SET state = 2 WHERE operation = ?", operation);
}

Result<> Book::release(std::int64_t operation) {
  return connection_->run("DELETE FROM spent WHERE operation = ? AND state = 1", operation);
}

Result<> Book::put_blank(std::int64_t operation, std::size_t position,
                         const cashu::BlindedMessage& blank) {
  const auto b = blank.b.compressed();
  return connection_->run("INSERT INTO blanks VALUES (?, ?, ?, ?)", operation, position, view(b),
                          blank.keyset.text());
}

Result<std::vector<cashu::BlindedMessage>> Book::blanks_of(std::int64_t operation) {
  TRY(query, connection_->query("SELECT b, keyset FROM blanks WHERE operation = ? "
                                "ORDER BY position",
                                operation));
  std::vector<cashu::BlindedMessage> out;
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    TRY(b, crypto::Point::parse(query.blob(0)));
    TRY(keyset, cashu::KeysetId::parse(query.text(1)));
    out.push_back({cashu::Amount(0), keyset, b});
  }
}

Result<bool> Book::is_open_blank(const crypto::Point& b) {
  const auto key = b.compressed();
  TRY(query, connection_->query("SELECT count(*) FROM blanks JOIN melt_quotes USING (operation) "
                                "WHERE b = ? AND state = ?",
                                view(key), cashu::QuoteState::pending));
  TRY_OK(query.step());
  return query.integer(0) > 0;
}

Result<> Book::remark(std::string_view what, std::int64_t at_ms) {
  return connection_->run("INSERT INTO remarks (what, at_ms) VALUES (?, ?)", what, at_ms);
}

Result<std::vector<std::string>> Book::remarks() {
  TRY(query, connection_->query("SELECT what FROM remarks ORDER BY id"));
  std::vector<std::string> out;
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.emplace_back(query.text(0));
  }
}

Result<Totals> Book::totals() {
  TRY(query, connection_->query(
                 "SELECT (SELECT coalesce(sum(amount), 0) FROM issued), "
                 "(SELECT coalesce(sum(amount), 0) FROM spent WHERE state = 2), "
                 "(SELECT coalesce(sum(amount), 0) FROM spent WHERE state = 1), "
                 "(SELECT coalesce(sum(paid), 0) FROM mint_quotes), "
                 "(SELECT coalesce(sum(issued), 0) FROM mint_quotes), "
                 "(SELECT coalesce(sum(amount), 0) FROM melt_quotes WHERE state = ?1), "
                 "(SELECT coalesce(sum(fee), 0) FROM melt_quotes WHERE state = ?1), "
                 "(SELECT coalesce(sum(input_fee), 0) FROM operations o WHERE kind <> 2 OR EXISTS "
                 "(SELECT 1 FROM melt_quotes q WHERE q.operation = o.id AND q.state = ?1))",
                 cashu::QuoteState::paid));
  TRY_OK(query.step());
  return Totals{u64(query, 0), u64(query, 1), u64(query, 2), u64(query, 3),
                u64(query, 4), u64(query, 5), u64(query, 6), u64(query, 7)};
}

}  // namespace archy::testmint
