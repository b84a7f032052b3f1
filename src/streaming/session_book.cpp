#include "streaming/session_book.hpp"

#include "streaming/terms_columns.hpp"

namespace archy::streaming {
namespace {

constexpr std::string_view kColumns =
    "SELECT metric, step_size, per_step, min_steps, id, peer, service, hash, terms_of, "
    "credit_msat, base_msat, used_msat, units, units_before, opened_ms, expires_ms, closed_ms, "
    "refund_sat, refund_mint, refund_tries, refund FROM sessions ";

std::int64_t integer_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t number_at(const db::Query& query, int column) {
  return static_cast<std::uint64_t>(query.integer(column));
}

bool is_service(std::int64_t number) {
  return number >= 0 && number < static_cast<std::int64_t>(std::size(kServices));
}

Result<Session> read(const db::Query& query) {
  Session out;
  out.terms = terms_at(query, 0);
  TRY_OK(check(out.terms));
  out.id = SessionId(query.integer(4));
  const auto peer = query.bytes32<EndpointId>(5);
  const auto hash = query.bytes32<Blake3Hash>(7);
  if (!peer || !hash || !is_service(query.integer(6)))
    return fail(Code::corrupt, "wallet.db: a session of nobody");
  out.scope = {*peer, static_cast<ServiceId>(query.integer(6)), *hash};
  out.terms_of = std::string(query.text(8));
  out.credit = Msat(number_at(query, 9));
  out.base = Msat(number_at(query, 10));
  out.used = Msat(number_at(query, 11));
  out.units = number_at(query, 12);
  out.units_before = number_at(query, 13);
  out.opened_ms = query.integer(14);
  out.expires_ms = query.integer(15);
  if (!query.is_null(16)) out.closed_ms = query.integer(16);
  if (!query.is_null(17)) {
    out.refund =
        Refund{Amount(number_at(query, 17)), std::string(query.text(18)), query.integer(19), {}};
    if (!query.is_null(20)) out.refund->operation = wallet::OperationId(query.integer(20));
  }
  return out;
}

Result<std::optional<Session>> read_one(db::Query query) {
  TRY(there, query.step());
  if (!there) return std::optional<Session>{};
  TRY(session, read(query));
  return std::optional(std::move(session));
}

constexpr std::string_view kPayments =
    "SELECT p.metric, p.step_size, p.per_step, p.min_steps, p.name, p.operation, p.session, "
    "s.peer, s.service, s.hash, p.state, p.net_msat FROM payments p JOIN sessions s "
    "ON s.id = p.session ";

Result<std::optional<Payment>> read_payment(db::Query query) {
  TRY(there, query.step());
  if (!there) return std::optional<Payment>{};
  Payment out;
  out.terms = terms_at(query, 0);
  TRY_OK(check(out.terms));
  out.name = std::string(query.text(4));
  out.operation = wallet::OperationId(query.integer(5));
  out.session = SessionId(query.integer(6));
  const auto peer = query.bytes32<EndpointId>(7);
  const auto hash = query.bytes32<Blake3Hash>(9);
  if (!peer || !hash || !is_service(query.integer(8)))
    return fail(Code::corrupt, "wallet.db: a session of nobody");
  out.scope = {*peer, static_cast<ServiceId>(query.integer(8)), *hash};
  out.state = static_cast<PaymentState>(query.integer(10));
  out.net = Msat(number_at(query, 11));
  return std::optional(std::move(out));
}

Result<bool> is_there(db::Query query) { return query.step(); }

}  // namespace

Result<std::optional<Session>> SessionBook::find(SessionId id) {
  static const std::string sql = std::string(kColumns) + "WHERE id = ?";
  TRY(query, db_.connection().query(sql, id.value()));
  return read_one(std::move(query));
}

Result<std::optional<Session>> SessionBook::open(const Scope& scope) {
  static const std::string sql =
      std::string(kColumns) + "WHERE peer = ? AND service = ? AND hash = ? AND closed_ms IS NULL";
  TRY(query, db_.connection().query(sql, scope.peer, scope.service, scope.hash));
  return read_one(std::move(query));
}

Result<std::vector<Session>> SessionBook::list(bool open_only) {
  static const std::string sql =
      std::string(kColumns) + "WHERE closed_ms IS NULL OR NOT ? ORDER BY id";
  TRY(query, db_.connection().query(sql, open_only));
  std::vector<Session> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(session, read(query));
    out.push_back(std::move(session));
  }
}

Result<> SessionBook::begin_payment(const Scope& scope, std::string_view name,
                                    wallet::OperationId operation, const Price& terms,
                                    std::int64_t now_ms) {
  TRY(transaction, db_.begin());
  TRY(session, open(scope));
  if (session && session->expires_ms <= now_ms) {
    TRY(busy, has_open_payment(session->id));
    if (!busy) {
      TRY_OK(close(session->id, now_ms));
      session.reset();
    }
  }
  db::Connection& db = db_.connection();
  std::int64_t id = session ? session->id.value() : 0;
  if (!session) {
    TRY_OK(
        db.run("INSERT INTO sessions (peer, service, hash, metric, step_size, per_step, min_steps, "
               "opened_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
               scope.peer, scope.service, scope.hash, terms.metric, terms.step_size,
               terms.per_step.value(), terms.min_steps, now_ms, now_ms + kSessionMs));
    id = db.last_insert_id();
    TRY_OK(add_to_day({.service = scope.service, .day = now_ms / kDayMs, .sessions = 1}));
  }
  TRY_OK(
      db.run("INSERT INTO payments (operation, session, name, metric, step_size, per_step, "
             "min_steps, begun_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
             operation.value(), id, name, terms.metric, terms.step_size, terms.per_step.value(),
             terms.min_steps, now_ms));
  return transaction.commit();
}

Result<std::optional<Payment>> SessionBook::payment(std::string_view name) {
  static const std::string sql = std::string(kPayments) + "WHERE p.name = ?";
  TRY(query, db_.connection().query(sql, name));
  return read_payment(std::move(query));
}

Result<std::optional<Payment>> SessionBook::last_credited(SessionId id) {
  static const std::string sql =
      std::string(kPayments) +
      "WHERE p.session = ? AND p.state = 1 ORDER BY p.ended_ms DESC, p.id DESC LIMIT 1";
  TRY(query, db_.connection().query(sql, id.value()));
  return read_payment(std::move(query));
}

Result<bool> SessionBook::has_open_payment(SessionId id) {
  TRY(query, db_.connection().query(
                 "SELECT 1 FROM payments p JOIN operations o ON o.id = p.operation "
                 "WHERE p.session = ? AND p.state = 0 AND o.state NOT IN (1, 2) LIMIT 1",
                 id.value()));
  return is_there(std::move(query));
}

Result<bool> SessionBook::is_received(ByteView y) {
  TRY(query,
      db_.connection().query("SELECT 1 FROM received r JOIN operations o ON o.id = r.operation "
                             "WHERE r.y = ? AND o.state <> 2",
                             y));
  return is_there(std::move(query));
}

Result<std::vector<std::string>> SessionBook::mints_of(SessionId id) {
  TRY(query,
      db_.connection().query("SELECT m.url FROM payments p JOIN operations o ON o.id = p.operation "
                             "JOIN mints m ON m.id = o.mint WHERE p.session = ? AND p.state = 1 "
                             "GROUP BY m.id ORDER BY max(p.id) DESC",
                             id.value()));
  std::vector<std::string> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.emplace_back(query.text(0));
  }
}

Result<> SessionBook::write_used(const Used& used, std::int64_t now_ms) {
  TRY(transaction, db_.begin());
  TRY_OK(db_.connection().run(
      "UPDATE sessions SET metric = ?, step_size = ?, per_step = ?, min_steps = ?, terms_of = ?, "
      "base_msat = ?, used_msat = ?, units = ?, units_before = ? "
      "WHERE id = ? AND closed_ms IS NULL",
      used.terms.metric, used.terms.step_size, used.terms.per_step.value(), used.terms.min_steps,
      std::string_view(used.terms_of), used.base.value(), used.used.value(), integer_of(used.units),
      integer_of(used.units_before), used.id.value()));
  if (db_.connection().changes() != 1) return fail(Code::denied, "this session was closed");
  if (used.units_new > 0)
    TRY_OK(add_to_day(
        {.service = used.service, .day = now_ms / kDayMs, .units_paid = used.units_new}));
  return transaction.commit();
}

Result<> SessionBook::close(SessionId id, std::int64_t now_ms) {
  TRY_OK(db_.connection().run(
      "UPDATE sessions SET closed_ms = ? WHERE id = ? AND closed_ms IS NULL", now_ms, id.value()));
  if (db_.connection().changes() != 1) return fail(Code::denied, "this session was closed");
  return {};
}

Result<> SessionBook::begin_refund(SessionId id, Amount amount, std::string_view mint) {
  return db_.connection().run(
      "UPDATE sessions SET refund_sat = ?, refund_mint = ? WHERE id = ? AND closed_ms IS NOT NULL",
      amount.value(), mint, id.value());
}

Result<> SessionBook::retry_refund(SessionId id, std::string_view mint, std::int64_t tries) {
  return db_.connection().run(
      "UPDATE sessions SET refund_mint = ?, refund_tries = ? WHERE id = ? AND refund IS NULL", mint,
      tries, id.value());
}

Result<> SessionBook::end_refund(const Session& session, wallet::OperationId operation, Amount cost,
                                 std::int64_t now_ms) {
  TRY(transaction, db_.begin());
  TRY_OK(
      db_.connection().run("UPDATE sessions SET refund = ? WHERE id = ? AND refund_sat IS NOT NULL "
                           "AND refund IS NULL",
                           operation.value(), session.id.value()));
  if (db_.connection().changes() != 1) return fail(Code::denied, "this session was refunded");
  TRY_OK(add_to_day({.service = session.scope.service, .day = now_ms / kDayMs, .refunded = cost}));
  return transaction.commit();
}

Result<> SessionBook::add_to_day(const Day& more) {
  return db_.connection().run(
      "INSERT INTO service_days (service, day, units_paid, units_grace, sessions, earned_sat, "
      "refunded_sat) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, day) DO UPDATE SET "
      "units_paid = units_paid + excluded.units_paid, units_grace = units_grace + "
      "excluded.units_grace, sessions = sessions + excluded.sessions, earned_sat = earned_sat + "
      "excluded.earned_sat, refunded_sat = refunded_sat + excluded.refunded_sat",
      more.service, more.day, integer_of(more.units_paid), integer_of(more.units_grace),
      integer_of(more.sessions), integer_of(more.earned.value()),
      integer_of(more.refunded.value()));
}

Result<std::vector<SessionBook::Day>> SessionBook::days(std::int64_t from, std::int64_t to) {
  TRY(query, db_.connection().query(
                 "SELECT service, day, units_paid, units_grace, sessions, earned_sat, refunded_sat "
                 "FROM service_days WHERE day BETWEEN ? AND ? ORDER BY day, service",
                 from, to));
  std::vector<Day> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    if (!is_service(query.integer(0))) return fail(Code::corrupt, "wallet.db: no such service");
    out.push_back({static_cast<ServiceId>(query.integer(0)), query.integer(1), number_at(query, 2),
                   number_at(query, 3), number_at(query, 4), Amount(number_at(query, 5)),
                   Amount(number_at(query, 6))});
  }
}

}  // namespace archy::streaming
