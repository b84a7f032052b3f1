#include "wallet/ledger/operation_book.hpp"

#include "base/test_hooks.hpp"
#include "wallet/ledger/amount_column.hpp"

namespace archy::wallet {
namespace {

constexpr std::string_view kColumns =
    "id, kind, state, stage, mint, amount, fee, idempotency_key, note, version, created_ms, "
    "changed_ms, request_digest, takes_back, memo, part_of";

Operation read(const db::Query& query) {
  Operation out{OperationId(query.integer(0)),
                static_cast<OperationKind>(query.integer(1)),
                static_cast<OperationState>(query.integer(2)),
                static_cast<Stage>(query.integer(3)),
                MintId(query.integer(4)),
                amount_at(query, 5),
                amount_at(query, 6),
                std::nullopt,
                std::nullopt,
                std::nullopt,
                std::nullopt,
                std::string(query.text(8)),
                query.integer(9),
                query.integer(10),
                query.integer(11)};
  if (!query.is_null(15)) out.part_of = OperationId(query.integer(15));
  if (!query.is_null(14)) out.memo = std::string(query.text(14));
  if (!query.is_null(13)) out.takes_back = OperationId(query.integer(13));
  if (!query.is_null(7)) out.idempotency_key = std::string(query.text(7));
  return out;
}

Result<std::vector<Operation>> read_all(db::Query query) {
  std::vector<Operation> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.push_back(read(query));
  }
}

std::string place_of(std::string_view what, OperationId operation) {
  return std::string(what) + " of " + std::to_string(operation.value());
}

std::optional<std::int64_t> as_integer(std::optional<std::uint64_t> value) {
  // A time that no row can hold is as good as none.
  if (!value || *value > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

}  // namespace

Bytes OperationBook::sealed(ByteView plain, std::string_view place) {
  crypto::SealNonce nonce;
  random_.fill(nonce);
  return crypto::seal(key_, nonce, plain, place);
}

Result<Operation> OperationBook::begin(const NewOperation& operation, std::int64_t now_ms) {
  std::optional<std::string_view> key;
  if (operation.idempotency_key) key = *operation.idempotency_key;
  std::optional<std::int64_t> takes_back, part_of;
  std::optional<std::string_view> memo;
  if (operation.memo) memo = *operation.memo;
  if (operation.takes_back) takes_back = operation.takes_back->value();
  if (operation.part_of) part_of = operation.part_of->value();
  TRY_OK(db_.run(
      "INSERT INTO operations (kind, state, stage, mint, amount, takes_back, part_of, "
      "memo, idempotency_key, request_digest, created_ms, changed_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
      operation.kind, OperationState::open, Stage::begun, operation.mint.value(),
      integer_of(operation.amount), takes_back, part_of, memo, key, operation.request, now_ms,
      now_ms));
  if (db_.changes() != 1) return fail(Code::denied, "this operation was begun before");
  TRY(begun, find(OperationId(db_.last_insert_id())));
  if (!begun) return fail(Code::internal, "an operation that was begun is not there");
  return *begun;
}

Result<> OperationBook::update(Operation& operation, std::int64_t now_ms) {
  TRY_OK(
      db_.run("UPDATE operations SET state = ?, stage = ?, amount = ?, fee = ?, note = ?, "
              "version = version + 1, changed_ms = ? WHERE id = ? AND (version = ? OR ?)",
              operation.state, operation.stage, integer_of(operation.amount),
              integer_of(operation.fee), std::string_view(operation.note), now_ms,
              operation.id.value(), operation.version, test_hooks::planted("wallet_two_drivers")));
  if (db_.changes() != 1) return fail(Code::denied, "somebody else has gone on with the operation");
  ++operation.version;
  operation.changed_ms = now_ms;
  return {};
}

Result<std::optional<Operation>> OperationBook::find(OperationId id) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM operations WHERE id = ?";
  TRY(query, db_.query(sql, id.value()));
  TRY(there, query.step());
  if (!there) return std::optional<Operation>{};
  return std::optional<Operation>(read(query));
}

Result<std::optional<Operation>> OperationBook::find(std::string_view idempotency_key,
                                                     const Sha256Digest& request) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM operations WHERE idempotency_key = ?";
  TRY(query, db_.query(sql, idempotency_key));
  TRY(there, query.step());
  if (!there) return std::optional<Operation>{};
  if (query.bytes32<Sha256Digest>(12) != request)
    return fail(Code::denied, "this idempotency key was used for another request");
  return std::optional<Operation>(read(query));
}

Result<std::optional<Operation>> OperationBook::named(std::string_view idempotency_key) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM operations WHERE idempotency_key = ?";
  TRY(query, db_.query(sql, idempotency_key));
  TRY(there, query.step());
  if (!there) return std::optional<Operation>{};
  return std::optional<Operation>(read(query));
}

Result<std::vector<Operation>> OperationBook::parts_of(OperationId cross) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM operations WHERE part_of = ? ORDER BY id";
  TRY(query, db_.query(sql, cross.value()));
  return read_all(std::move(query));
}

Result<std::vector<Operation>> OperationBook::open() {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM operations WHERE state IN (0, 3) ORDER BY id";
  TRY(query, db_.query(sql));
  return read_all(std::move(query));
}

Result<cashu::Amount> OperationBook::undecided_sum(MintId mint, OperationId up_to) {
  TRY(query, db_.query("SELECT coalesce(sum(p.amount), 0) FROM operations o JOIN proofs p "
                       "ON p.held_by = o.id AND p.state = 1 "
                       "WHERE o.mint = ? AND o.id <= ? AND o.state IN (0, 3)",
                       mint.value(), up_to.value()));
  TRY(there, query.step());
  return there ? amount_at(query, 0) : cashu::Amount(0);
}

Result<cashu::Amount> OperationBook::coming_sum(MintId mint, std::optional<OperationId> except) {
  TRY(query, db_.query("SELECT amount FROM operations WHERE mint = ? AND state IN (0, 3) "
                       "AND kind IN (?, ?) AND part_of IS NULL AND id <> ?",
                       mint.value(), OperationKind::mint, OperationKind::receive,
                       except ? except->value() : 0));
  cashu::Amount out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out = out.plus(amount_at(query, 0)).value_or(cashu::Amount(INT64_MAX));
  }
}

Result<std::vector<Operation>> OperationBook::history(std::uint64_t limit,
                                                      std::optional<OperationId> before) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM operations WHERE id < ? ORDER BY id DESC LIMIT ?";
  TRY(query, db_.query(sql, before ? before->value() : INT64_MAX, limit));
  return read_all(std::move(query));
}

Result<std::vector<Operation>> OperationBook::handed() {
  static const std::string sql = "SELECT " + std::string(kColumns) +
                                 " FROM operations WHERE id IN (SELECT held_by FROM proofs "
                                 "WHERE state = 2) ORDER BY id";
  TRY(query, db_.query(sql));
  return read_all(std::move(query));
}

Result<> OperationBook::put_quote(OperationId operation, const Quote& quote) {
  const Bytes id = sealed(as_bytes(quote.id.reveal()), place_of("quote", operation));
  std::optional<std::int64_t> most_fee;
  if (quote.most_fee) most_fee = integer_of(*quote.most_fee);
  return db_.run(
      "INSERT OR REPLACE INTO quotes (operation, sealed_id, invoice, amount, fee_reserve, "
      "most_fee, expiry_s, key_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      operation.value(), ByteView(id), std::string_view(quote.invoice), integer_of(quote.amount),
      integer_of(quote.fee_reserve), most_fee, as_integer(quote.expiry),
      as_integer(quote.key_index));
}

Result<> OperationBook::set_preimage(OperationId operation, std::string_view preimage) {
  return db_.run("UPDATE quotes SET preimage = ? WHERE operation = ?", preimage, operation.value());
}

Result<std::optional<Quote>> OperationBook::quote(OperationId operation) {
  TRY(query,
      db_.query("SELECT sealed_id, invoice, amount, fee_reserve, most_fee, expiry_s, key_index, "
                "preimage FROM quotes WHERE operation = ?",
                operation.value()));
  TRY(there, query.step());
  if (!there) return std::optional<Quote>{};
  TRY(id, crypto::open_sealed(key_, query.blob(0), place_of("quote", operation)));
  Quote out{Secret<std::string>(std::string(as_text(id.reveal()))),
            std::string(query.text(1)),
            amount_at(query, 2),
            amount_at(query, 3),
            std::nullopt,
            std::nullopt,
            std::nullopt};
  if (!query.is_null(4)) out.most_fee = amount_at(query, 4);
  if (!query.is_null(5)) out.expiry = static_cast<std::uint64_t>(query.integer(5));
  if (!query.is_null(6)) out.key_index = static_cast<std::uint64_t>(query.integer(6));
  if (!query.is_null(7)) out.preimage = std::string(query.text(7));
  return std::optional<Quote>(std::move(out));
}

Result<std::uint64_t> OperationBook::take_key_index() {
  TRY(query, db_.query("INSERT INTO facts (name, value) VALUES ('next_quote_key', 1) "
                       "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"));
  TRY(there, query.step());
  if (!there) return fail(Code::internal, "no number for a quote's key");
  const auto next = static_cast<std::uint64_t>(query.integer(0));
  TRY_OK(query.finish());
  return next;
}

Result<> OperationBook::put_received(OperationId operation, std::span<const crypto::Point> ys) {
  for (const crypto::Point& y : ys) {
    // One that failed has received nothing.
    TRY_OK(
        db_.run("INSERT INTO received (y, operation) VALUES (?1, ?2) ON CONFLICT (y) DO UPDATE "
                "SET operation = ?2 WHERE (SELECT state FROM operations WHERE id = "
                "received.operation) = ?3",
                ByteView(y.compressed()), operation.value(), OperationState::failed));
    if (db_.changes() != 1)
      return fail(Code::denied, "part of this token was received before, or is being received");
  }
  return {};
}

Result<> OperationBook::keep_token(OperationId operation, const Secret<std::string>& token) {
  const Bytes box = sealed(as_bytes(token.reveal()), place_of("token", operation));
  return db_.run("UPDATE operations SET sealed = ? WHERE id = ?", ByteView(box), operation.value());
}

Result<std::optional<Secret<std::string>>> OperationBook::token(OperationId operation) {
  TRY(query, db_.query("SELECT sealed FROM operations WHERE id = ?", operation.value()));
  TRY(there, query.step());
  if (!there || query.is_null(0)) return std::optional<Secret<std::string>>{};
  TRY(opened, crypto::open_sealed(key_, query.blob(0), place_of("token", operation)));
  return std::optional(Secret<std::string>(std::string(as_text(opened.reveal()))));
}

Result<> OperationBook::enter(const LedgerEntry& entry) {
  return db_.run(
      "INSERT INTO ledger (operation, mint, unit, change, fee, at_ms) "
      "VALUES (?, ?, 'sat', ?, ?, ?)",
      entry.operation.value(), entry.mint.value(), entry.change, integer_of(entry.fee),
      entry.at_ms);
}

Result<std::int64_t> OperationBook::ledger_sum(MintId mint) {
  TRY(query, db_.query("SELECT coalesce(sum(change), 0) FROM ledger WHERE mint = ?", mint.value()));
  TRY(there, query.step());
  return there ? query.integer(0) : 0;
}

}  // namespace archy::wallet
