#include "testmint/lightning.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cashu/bolt11.hpp"
#include "crypto/hmac_sha256.hpp"
#include "crypto/sha256.hpp"
#include "db/transaction.hpp"
#include "testmint/invoice.hpp"

namespace archy::testmint {
namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE invoices (
  hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
  owner TEXT NOT NULL,
  amount_msat INTEGER NOT NULL,
  invoice TEXT NOT NULL,
  preimage BLOB NOT NULL CHECK (length(preimage) = 32),
  expires_s INTEGER NOT NULL
) STRICT;
CREATE TABLE receipts (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL REFERENCES invoices (hash),
  amount_msat INTEGER NOT NULL CHECK (amount_msat > 0),
  seen_from_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX receipts_of ON receipts (hash);
CREATE TABLE payments (
  hash BLOB NOT NULL PRIMARY KEY REFERENCES invoices (hash),
  payer TEXT NOT NULL,
  reference TEXT NOT NULL,
  amount_msat INTEGER NOT NULL,
  fee_sat INTEGER NOT NULL,
  state INTEGER NOT NULL,
  script_end INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  seen_after_ms INTEGER NOT NULL
) STRICT;
)sql";

constexpr const char* kSteps[] = {kVersion1};
constexpr db::Schema kSchema{"lightning.db", 0x61725754, kSteps};

crypto::Scalar node_key_of(std::string_view owner) {
  const auto bytes = crypto::hmac_sha256(as_bytes("testmint node"), as_bytes(owner));
  return crypto::Scalar::reduce(bytes).value();
}

std::array<std::uint8_t, 32> fill32(rt::Random& random) {
  std::array<std::uint8_t, 32> out{};
  random.fill(out);
  return out;
}

}  // namespace

struct Lightning::Row {
  PayState state = PayState::none;
  std::string payer;
  std::string reference;
  std::uint64_t amount_msat = 0;
  std::uint64_t fee_sat = 0;
  PayScript::End script_end = PayScript::End::paid;
  std::int64_t due_ms = 0;
  std::int64_t seen_after_ms = 0;
};

Result<std::unique_ptr<Lightning>> Lightning::open(rt::Files& files, const rt::Path& path,
                                                   rt::Random& random, const db::Options& options) {
  TRY(connection, db::Connection::open(files, path, kSchema, options));
  return std::unique_ptr<Lightning>(new Lightning(std::move(connection), random));
}

Result<IssuedInvoice> Lightning::invoice(std::string_view owner, std::uint64_t amount_msat,
                                         std::string_view description, std::uint64_t expiry_s,
                                         std::int64_t now_ms) {
  const auto preimage = fill32(random_);
  InvoiceTerms terms;
  terms.prefix = prefix_;
  terms.amount_msat = amount_msat;
  terms.timestamp = static_cast<std::uint64_t>(now_ms) / 1000;
  terms.expiry_s = expiry_s;
  terms.payment_hash = crypto::sha256(preimage);
  terms.payment_secret = fill32(random_);
  terms.description = std::string(description.substr(0, 600));
  IssuedInvoice out{sign_invoice(terms, node_key_of(owner)), terms.payment_hash};
  TRY_OK(connection_->run("INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?)", out.hash, owner,
                          amount_msat, out.text, ByteView(preimage), terms.timestamp + expiry_s));
  return out;
}

Result<std::uint64_t> Lightning::received_sat(const Sha256Digest& hash, std::int64_t now_ms) {
  TRY_OK(status(hash, now_ms));
  TRY(query, connection_->query("SELECT coalesce(sum(amount_msat), 0) FROM receipts "
                                "WHERE hash = ? AND seen_from_ms <= ?",
                                hash, now_ms));
  TRY_OK(query.step());
  return static_cast<std::uint64_t>(query.integer(0)) / 1000;
}

Result<std::string> Lightning::owner_of(const Sha256Digest& hash) {
  TRY(query, connection_->query("SELECT owner FROM invoices WHERE hash = ?", hash));
  TRY(row, query.step());
  if (!row) return fail(Code::not_found, "nobody here asked for this payment");
  return std::string(query.text(0));
}

Result<Lightning::Row> Lightning::read(const Sha256Digest& hash) {
  TRY(query, connection_->query("SELECT state, payer, amount_msat, fee_sat, script_end, due_ms, "
                                "seen_after_ms, reference FROM payments WHERE hash = ?",
                                hash));
  TRY(there, query.step());
  Row out;
  if (!there) return out;
  out.state = static_cast<PayState>(query.integer(0));
  out.payer = query.text(1);
  out.amount_msat = static_cast<std::uint64_t>(query.integer(2));
  out.fee_sat = static_cast<std::uint64_t>(query.integer(3));
  out.script_end = static_cast<PayScript::End>(query.integer(4));
  out.due_ms = query.integer(5);
  out.seen_after_ms = query.integer(6);
  out.reference = query.text(7);
  return out;
}

Result<> Lightning::write(const Sha256Digest& hash, const Row& row) {
  return connection_->run("INSERT OR REPLACE INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          hash, row.payer, row.reference, row.amount_msat, row.fee_sat, row.state,
                          row.script_end, row.due_ms, row.seen_after_ms);
}

Result<> Lightning::credit(const Sha256Digest& hash, std::uint64_t amount_msat,
                           std::int64_t seen_from_ms) {
  return connection_->run("INSERT INTO receipts (hash, amount_msat, seen_from_ms) VALUES (?, ?, ?)",
                          hash, amount_msat, seen_from_ms);
}

// Requires: in a transaction.
Result<Lightning::Row> Lightning::end(const Sha256Digest& hash, Row row, std::int64_t now_ms) {
  switch (row.script_end) {
    case PayScript::End::paid:
      TRY_OK(credit(hash, row.amount_msat, now_ms + row.seen_after_ms));
      row.state = PayState::paid;
      break;
    case PayScript::End::claimed:
      row.state = PayState::paid;
      break;
    case PayScript::End::failed:
      row.state = PayState::failed;
      break;
    case PayScript::End::unknown:
      row.state = PayState::unknown;
      break;
  }
  TRY_OK(write(hash, row));
  return row;
}

Result<Payment> Lightning::shown(const Sha256Digest& hash, const Row& row) {
  Payment out{row.state, row.fee_sat, {}, row.reference};
  if (row.state != PayState::paid) return out;
  TRY(query, connection_->query("SELECT preimage FROM invoices WHERE hash = ?", hash));
  TRY_OK(query.step());
  out.preimage = to_hex(query.blob(0));
  return out;
}

Result<Payment> Lightning::pay(const PayOrder& order, std::int64_t now_ms) {
  TRY(invoice, cashu::parse_invoice(order.invoice));
  const Sha256Digest hash = invoice.payment_hash;
  const auto owner = owner_of(hash);
  // No route to whom this Lightning does not know.
  if (!owner && owner.error().code == Code::not_found) return Payment{.state = PayState::failed};
  TRY(transaction, db::Transaction::begin(*connection_));
  TRY(received, connection_->query("SELECT count(*) FROM receipts WHERE hash = ?", hash));
  TRY_OK(received.step());
  if (received.integer(0) > 0) return fail(Code::denied, "the invoice is paid already");
  TRY(row, read(hash));
  if (row.state == PayState::paid) return fail(Code::denied, "the invoice is paid already");
  if (row.state == PayState::in_flight || row.state == PayState::unknown)
    return fail(Code::try_later, "a payment of this invoice is on its way");

  const std::uint64_t sat = invoice.amount_msat.value_or(0) / 1000;
  const std::uint64_t fee =
      *owner == order.payer
          ? 0
          : std::min(fees_.base_sat + sat * fees_.ppm / 1'000'000, order.reserve_sat);
  row = {.state = PayState::in_flight,
         .payer = order.payer,
         .reference = order.reference,
         .amount_msat = invoice.amount_msat.value_or(0),
         .fee_sat = order.script.fee_above > 0 ? order.reserve_sat + order.script.fee_above : fee,
         .script_end = order.script.end,
         .due_ms = now_ms + static_cast<std::int64_t>(order.script.after_ms),
         .seen_after_ms = static_cast<std::int64_t>(order.script.seen_after_ms)};
  if (now_ms / 1000 >= static_cast<std::int64_t>(invoice.expires_at()))
    row.script_end = PayScript::End::failed;
  TRY_OK(write(hash, row));
  if (order.script.after_ms == 0) {
    TRY(ended, end(hash, row, now_ms));
    row = ended;
  }
  TRY_OK(transaction.commit());
  return shown(hash, row);
}

Result<Payment> Lightning::status(const Sha256Digest& hash, std::int64_t now_ms) {
  TRY(row, read(hash));
  if (row.state == PayState::in_flight && now_ms >= row.due_ms) {
    TRY(transaction, db::Transaction::begin(*connection_));
    TRY(ended, end(hash, row, row.due_ms));
    TRY_OK(transaction.commit());
    row = ended;
  }
  return shown(hash, row);
}

Result<> Lightning::resolve(const Sha256Digest& hash, bool paid, std::int64_t now_ms) {
  TRY(row, read(hash));
  if (row.state != PayState::in_flight && row.state != PayState::unknown)
    return fail(Code::not_found, "no such payment is open");
  row.script_end = paid ? PayScript::End::paid : PayScript::End::failed;
  TRY(transaction, db::Transaction::begin(*connection_));
  TRY_OK(end(hash, row, now_ms));
  return transaction.commit();
}

Result<> Lightning::pay_from_outside(std::string_view text,
                                     std::optional<std::uint64_t> amount_msat,
                                     std::int64_t now_ms) {
  TRY(invoice, cashu::parse_invoice(text));
  TRY_OK(owner_of(invoice.payment_hash));
  const std::uint64_t amount = amount_msat.value_or(invoice.amount_msat.value_or(0));
  if (amount == 0) return fail(Code::bad_input, "an invoice without amount");
  return credit(invoice.payment_hash, amount, now_ms);
}

Result<std::string> Lightning::report() {
  nlohmann::ordered_json out{{"invoices", nlohmann::ordered_json::array()},
                             {"payments", nlohmann::ordered_json::array()}};
  TRY(invoices,
      connection_->query("SELECT hash, owner, amount_msat, invoice, (SELECT "
                         "coalesce(sum(r.amount_msat), 0) FROM receipts r WHERE r.hash = i.hash) "
                         "FROM invoices i ORDER BY hash"));
  for (;;) {
    TRY(row, invoices.step());
    if (!row) break;
    out["invoices"].push_back({{"hash", to_hex(invoices.blob(0))},
                               {"owner", invoices.text(1)},
                               {"amount_msat", invoices.integer(2)},
                               {"invoice", invoices.text(3)},
                               {"received_msat", invoices.integer(4)}});
  }
  static constexpr const char* kStates[] = {"none", "in_flight", "paid", "failed", "unknown"};
  TRY(payments, connection_->query(
                    "SELECT hash, payer, amount_msat, fee_sat, state FROM payments ORDER BY hash"));
  for (;;) {
    TRY(row, payments.step());
    if (!row) break;
    out["payments"].push_back({{"hash", to_hex(payments.blob(0))},
                               {"payer", payments.text(1)},
                               {"amount_msat", payments.integer(2)},
                               {"fee_sat", payments.integer(3)},
                               {"state", kStates[payments.integer(4) % 5]}});
  }
  return out.dump();
}

}  // namespace archy::testmint
