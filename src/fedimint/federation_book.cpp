#include "fedimint/federation_book.hpp"

#include "base/hex.hpp"

namespace archy::fedimint {
namespace {

constexpr std::string_view kColumns =
    "id, federation, kind, stage, mark, amount_msat, fee_msat, invoice, payment_hash, expires_s, "
    "path, anchor, daemon_operation, take_back_ms, preimage, sendings, sent_ms, lost_ms, note, "
    "version, most_fee_msat";

std::int64_t integer_of(Msat amount) { return static_cast<std::int64_t>(amount.value()); }

std::optional<std::int64_t> integer_of(const std::optional<Msat>& amount) {
  if (!amount) return std::nullopt;
  return integer_of(*amount);
}

std::optional<std::int64_t> integer_at(const db::Query& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return query.integer(column);
}

std::optional<std::string> text_at(const db::Query& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return std::string(query.text(column));
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

FederationOperation read(const db::Query& query) {
  FederationOperation out;
  out.id = IssuerHandle(query.integer(0));
  out.federation = std::string(query.text(1));
  out.kind = static_cast<IssuerAction>(query.integer(2));
  out.stage = static_cast<FederationStage>(query.integer(3));
  out.mark = std::string(query.text(4));
  out.amount = Msat(static_cast<std::uint64_t>(query.integer(5)));
  if (!query.is_null(6)) out.fee = Msat(static_cast<std::uint64_t>(query.integer(6)));
  out.invoice = text_at(query, 7).value_or("");
  out.payment_hash = query.bytes32<Sha256Digest>(8);
  out.expires_s = integer_at(query, 9);
  out.path = std::string(query.text(10));
  out.anchor = text_at(query, 11);
  out.daemon_operation = text_at(query, 12);
  out.take_back_ms = integer_at(query, 13);
  out.preimage = text_at(query, 14);
  out.sendings = query.integer(15);
  out.sent_ms = integer_at(query, 16);
  out.lost_ms = integer_at(query, 17);
  out.note = std::string(query.text(18));
  out.version = query.integer(19);
  if (!query.is_null(20)) out.most_fee = Msat(static_cast<std::uint64_t>(query.integer(20)));
  return out;
}

Result<std::optional<FederationOperation>> read_one(db::Query query) {
  TRY(there, query.step());
  if (!there) return std::optional<FederationOperation>{};
  return std::optional(read(query));
}

std::string selecting(std::string_view rest) {
  return "SELECT " + std::string(kColumns) + " FROM federation_operations WHERE " +
         std::string(rest);
}

}  // namespace

Bytes FederationBook::sealed(const Secret<std::string>& plain, std::string_view what,
                             std::string_view mark) {
  crypto::SealNonce nonce;
  random_.fill(nonce);
  return crypto::seal(key_, nonce, as_bytes(plain.reveal()),
                      std::string(what) + " of " + std::string(mark));
}

Result<Secret<std::string>> FederationBook::unsealed(ByteView box, std::string_view what,
                                                     std::string_view mark) {
  TRY(opened, crypto::open_sealed(key_, box, std::string(what) + " of " + std::string(mark)));
  return Secret<std::string>(std::string(as_text(opened.reveal())));
}

std::string FederationBook::new_mark() {
  std::array<std::uint8_t, 16> bytes;
  random_.fill(bytes);
  return to_hex(bytes);
}

Result<> FederationBook::check_alone(std::string_view federation, IssuerAction kind, Msat amount) {
  if (kind != IssuerAction::spend && kind != IssuerAction::reissue) return {};
  static const std::string sql =
      selecting("federation = ? AND kind = ? AND amount_msat = ? AND stage <= 1");
  TRY(query, db_.connection().query(sql, federation, kind, integer_of(amount)));
  TRY(alike, read_one(std::move(query)));
  if (!alike) return {};
  return fail(Code::try_later, "operation " + std::to_string(alike->id.value()) +
                                   " of the same amount is not decided yet");
}

Result<FederationOperation> FederationBook::begin(const NewFederationOperation& operation,
                                                  std::int64_t now_ms) {
  db::Connection& db = db_.connection();
  TRY(transaction, db_.begin());
  static const std::string taken =
      selecting("federation = ? AND key = ? AND (kind <> 3 OR stage <> 5)");
  TRY(same_key,
      db.query(taken, std::string_view(operation.federation), std::string_view(operation.key)));
  TRY(is_taken, read_one(std::move(same_key)));
  if (is_taken) return fail(Code::denied, "an operation with this key was begun before");
  if (operation.payment_hash) {
    static const std::string paying =
        selecting("federation = ? AND payment_hash = ? AND kind = 1 AND stage <> 5");
    TRY(same_invoice,
        db.query(paying, std::string_view(operation.federation), *operation.payment_hash));
    TRY(is_paid, read_one(std::move(same_invoice)));
    if (is_paid)
      return fail(Code::denied, "operation " + std::to_string(is_paid->id.value()) +
                                    " pays this invoice, or has paid it");
  }
  TRY_OK(check_alone(operation.federation, operation.kind, operation.amount));
  const Bytes body = sealed(operation.body, "request", operation.mark);
  std::optional<std::string_view> invoice;
  if (!operation.invoice.empty()) invoice = operation.invoice;
  TRY_OK(db.run(
      "INSERT INTO federation_operations (federation, kind, stage, key, request_digest, "
      "mark, amount_msat, most_fee_msat, invoice, payment_hash, expires_s, path, "
      "sealed_body, anchor, created_ms, changed_ms) "
      "VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      std::string_view(operation.federation), operation.kind, std::string_view(operation.key),
      operation.request, std::string_view(operation.mark), integer_of(operation.amount),
      integer_of(operation.most_fee), invoice, operation.payment_hash, operation.expires_s,
      std::string_view(operation.path), ByteView(body), view_of(operation.anchor), now_ms, now_ms));
  const IssuerHandle id(db.last_insert_id());
  TRY_OK(transaction.commit());
  TRY(stored, find(id));
  if (!stored) return fail(Code::internal, "a row that is gone");
  return std::move(*stored);
}

Result<> FederationBook::mark_sent(FederationOperation& operation, std::int64_t now_ms) {
  TRY_OK(db_.connection().run(
      "UPDATE federation_operations SET stage = 1, sendings = sendings + 1, sent_ms = ?, "
      "lost_ms = ?, version = version + 1, changed_ms = ? "
      "WHERE id = ? AND version = ? AND stage <= 1",
      now_ms, now_ms, now_ms, operation.id.value(), operation.version));
  if (db_.connection().changes() != 1)
    return fail(Code::denied, "somebody else has gone on with this operation");
  operation.stage = FederationStage::sent;
  ++operation.sendings;
  ++operation.version;
  operation.lost_before = operation.lost_ms;
  operation.sent_ms = operation.lost_ms = now_ms;
  return {};
}

void FederationBook::note_answer(FederationOperation& operation) const {
  operation.lost_ms = operation.lost_before;
}

Result<> FederationBook::update(FederationOperation& operation, std::int64_t now_ms,
                                const std::optional<Secret<std::string>>& notes) {
  std::optional<Bytes> box;
  if (notes) box = sealed(*notes, "notes", operation.mark);
  std::optional<ByteView> box_view;
  if (box) box_view = ByteView(*box);
  std::optional<std::string_view> invoice;
  if (!operation.invoice.empty()) invoice = operation.invoice;
  TRY_OK(db_.connection().run(
      "UPDATE federation_operations SET stage = ?, fee_msat = ?, invoice = ?, "
      "daemon_operation = ?, take_back_ms = ?, preimage = ?, lost_ms = ?, note = ?, "
      "sealed_notes = coalesce(?, sealed_notes), version = version + 1, changed_ms = ? "
      "WHERE id = ? AND version = ?",
      operation.stage, integer_of(operation.fee), invoice, view_of(operation.daemon_operation),
      operation.take_back_ms, view_of(operation.preimage), operation.lost_ms,
      std::string_view(operation.note), box_view, now_ms, operation.id.value(), operation.version));
  if (db_.connection().changes() != 1)
    return fail(Code::denied, "somebody else has gone on with this operation");
  ++operation.version;
  return {};
}

Result<std::optional<FederationOperation>> FederationBook::find(IssuerHandle id) {
  static const std::string sql = selecting("id = ?");
  TRY(query, db_.connection().query(sql, id.value()));
  return read_one(std::move(query));
}

Result<std::optional<FederationOperation>> FederationBook::find(std::string_view federation,
                                                                std::string_view key,
                                                                const Sha256Digest& request) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) +
      ", request_digest FROM federation_operations WHERE federation = ? AND key = ? "
      "ORDER BY id DESC LIMIT 1";
  TRY(query, db_.connection().query(sql, federation, key));
  TRY(there, query.step());
  if (!there) return std::optional<FederationOperation>{};
  if (query.bytes32<Sha256Digest>(21) != request)
    return fail(Code::denied, "this key was used for another request");
  return std::optional(read(query));
}

Result<std::vector<FederationOperation>> FederationBook::open(std::string_view federation) {
  static const std::string sql = selecting("federation = ? AND stage < 4 ORDER BY id");
  TRY(query, db_.connection().query(sql, federation));
  std::vector<FederationOperation> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.push_back(read(query));
  }
}

Result<std::set<std::string>> FederationBook::named(std::string_view federation) {
  TRY(query, db_.connection().query("SELECT daemon_operation FROM federation_operations "
                                    "WHERE federation = ? AND daemon_operation IS NOT NULL",
                                    federation));
  std::set<std::string> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.insert(std::string(query.text(0)));
  }
}

Result<Secret<std::string>> FederationBook::body(const FederationOperation& operation) {
  TRY(query, db_.connection().query("SELECT sealed_body FROM federation_operations WHERE id = ?",
                                    operation.id.value()));
  TRY(there, query.step());
  if (!there) return fail(Code::not_found, "no such operation");
  return unsealed(query.blob(0), "request", operation.mark);
}

Result<std::optional<Secret<std::string>>> FederationBook::notes(
    const FederationOperation& operation) {
  TRY(query, db_.connection().query("SELECT sealed_notes FROM federation_operations WHERE id = ?",
                                    operation.id.value()));
  TRY(there, query.step());
  if (!there || query.is_null(0)) return std::optional<Secret<std::string>>{};
  TRY(opened, unsealed(query.blob(0), "notes", operation.mark));
  return std::optional(std::move(opened));
}

}  // namespace archy::fedimint
