#include "streaming/purchase_book.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"
#include "wallet/ledger/amount_column.hpp"

namespace archy::streaming {
namespace {

using wallet::amount_at;
using wallet::integer_of;

constexpr std::int64_t kDayMs = 86'400'000;

std::string selecting(std::string_view rest) {
  return "SELECT id, seller, blob, film, state, price, most_fee, mints, cost, token, payment, "
         "at_ms, undelivered "
         "FROM purchases WHERE " +
         std::string(rest);
}

// A URL has no white space; what has is no mint, and is left out.
std::string joined(const std::vector<std::string>& mints) {
  std::string out;
  for (const std::string& mint : mints)
    if (!mint.empty() && mint.find('\n') == std::string::npos) out += mint + '\n';
  return out;
}

std::vector<std::string> parted(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

PurchaseRow read(const db::Query& query) {
  PurchaseRow out;
  out.id = PurchaseId(query.integer(0));
  out.what.seller = query.bytes32<EndpointId>(1).value_or(EndpointId{});
  out.what.blob = query.bytes32<Blake3Hash>(2).value_or(Blake3Hash{});
  if (!query.is_null(3)) out.what.film = std::string(query.text(3));
  out.state = static_cast<PurchaseState>(query.integer(4));
  out.price = amount_at(query, 5);
  out.most_fee = amount_at(query, 6);
  out.mints = parted(query.text(7));
  out.cost = amount_at(query, 8);
  if (!query.is_null(9)) out.token = wallet::OperationId(query.integer(9));
  out.payment = std::string(query.text(10));
  out.at_ms = query.integer(11);
  out.undelivered = query.integer(12) != 0;
  return out;
}

Result<std::vector<PurchaseRow>> all(db::Query query) {
  std::vector<PurchaseRow> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.push_back(read(query));
  }
}

Result<Amount> sum_of(db::Query query) {
  TRY(there, query.step());
  return there ? amount_at(query, 0) : Amount(0);
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

struct Cap {
  const char* name;
  Amount most, spent;
};

std::vector<Cap> caps_of(const PaymentPolicy& policy, const Purchase& what, const Spent& spent) {
  std::vector<Cap> out{{"for one blob", policy.per_blob, spent.on_blob},
                       {"to one peer", policy.per_peer, spent.with_peer},
                       {"on one day", policy.per_day, spent.on_day}};
  if (what.film) out.push_back({"for one film", policy.per_film, spent.on_film});
  return out;
}

}  // namespace

Amount room_under(const PaymentPolicy& policy, const Purchase& what, const Spent& spent) {
  Amount least = cashu::kAllThereIs;
  for (const Cap& cap : caps_of(policy, what, spent))
    least = std::min(least, cap.most.minus(cap.spent).value_or(Amount(0)));
  return least.minus(policy.most_fee).value_or(Amount(0));
}

Result<PurchaseRow> PurchaseBook::begin(const PaymentPolicy& policy, const Purchase& what,
                                        std::vector<std::string> mints, Amount price,
                                        std::int64_t now_ms) {
  const auto worst = price.plus(policy.most_fee);
  if (price == Amount(0) || !worst || *worst > cashu::kAllThereIs)
    return fail(Code::denied, "the price is none");
  TRY(transaction, db_.begin());
  TRY(spent, this->spent(what, now_ms));
  for (const Cap& cap : caps_of(policy, what, spent)) {
    const auto left = cap.most.minus(cap.spent);
    const Amount more = test_hooks::planted("buyer_cap_after_pay") ? Amount(1) : *worst;
    if (!left || more > *left)
      return fail(Code::denied, std::string("more than may be spent ") + cap.name + ": " +
                                    std::to_string(cap.spent.value()) + " of " +
                                    std::to_string(cap.most.value()) +
                                    " sat is, and this may take " + std::to_string(worst->value()));
  }
  TRY_OK(db_.connection().run(
      "INSERT INTO purchases (seller, blob, film, state, price, most_fee, mints, cost, payment, "
      "day, at_ms, changed_ms) VALUES (?, ?, ?, 0, ?, ?, ?, ?, '', ?, ?, ?)",
      what.seller, what.blob, view_of(what.film), integer_of(price), integer_of(policy.most_fee),
      std::string_view(joined(mints)), integer_of(*worst), now_ms / kDayMs, now_ms, now_ms));
  PurchaseRow out{.id = PurchaseId(db_.connection().last_insert_id()),
                  .what = what,
                  .price = price,
                  .most_fee = policy.most_fee,
                  .mints = std::move(mints),
                  .cost = *worst,
                  .payment = {},
                  .at_ms = now_ms};
  TRY_OK(transaction.commit());
  return out;
}

Result<> PurchaseBook::update(PurchaseRow& row, PurchaseState state, Amount cost,
                              std::int64_t now_ms) {
  std::optional<std::int64_t> token;
  if (row.token) token = row.token->value();
  TRY_OK(db_.connection().run(
      "UPDATE purchases SET state = ?, cost = ?, token = ?, payment = ?, changed_ms = ? "
      "WHERE id = ? AND state = ?",
      state, integer_of(cost), token, std::string_view(row.payment), now_ms, row.id.value(),
      row.state));
  if (db_.connection().changes() != 1)
    return fail(Code::denied, "somebody else has gone on with this purchase");
  row.state = state;
  row.cost = cost;
  return {};
}

Result<> PurchaseBook::mark_undelivered(PurchaseId id, std::int64_t now_ms) {
  return db_.connection().run("UPDATE purchases SET undelivered = 1, changed_ms = ? WHERE id = ?",
                              now_ms, id.value());
}

Result<std::optional<PurchaseRow>> PurchaseBook::find(PurchaseId id) {
  static const std::string sql = selecting("id = ?");
  TRY(query, db_.connection().query(sql, id.value()));
  TRY(rows, all(std::move(query)));
  if (rows.empty()) return std::optional<PurchaseRow>{};
  return std::optional(std::move(rows.front()));
}

Result<std::vector<PurchaseRow>> PurchaseBook::list(const std::optional<Blake3Hash>& blob,
                                                    std::uint64_t limit) {
  static const std::string sql = selecting("?1 IS NULL OR blob = ?1 ORDER BY id DESC LIMIT ?2");
  TRY(query, db_.connection().query(sql, blob, std::min<std::uint64_t>(limit, INT64_MAX)));
  return all(std::move(query));
}

Result<std::vector<PurchaseRow>> PurchaseBook::open() {
  static const std::string sql = selecting("state <= 1 ORDER BY id");
  TRY(query, db_.connection().query(sql));
  return all(std::move(query));
}

Result<std::vector<PurchaseRow>> PurchaseBook::unanswered(const EndpointId& seller,
                                                          const Blake3Hash& blob,
                                                          std::int64_t since_ms) {
  static const std::string sql = selecting(
      "seller = ? AND blob = ? AND state IN (1, 5) AND at_ms >= ? ORDER BY id DESC LIMIT 64");
  TRY(query, db_.connection().query(sql, seller, blob, since_ms));
  return all(std::move(query));
}

Result<Spent> PurchaseBook::spent(const Purchase& what, std::int64_t now_ms) {
  db::Connection& db = db_.connection();
  TRY(blob, db.query("SELECT coalesce(sum(cost), 0) FROM purchases WHERE blob = ?", what.blob));
  TRY(on_blob, sum_of(std::move(blob)));
  TRY(film,
      db.query("SELECT coalesce(sum(cost), 0) FROM purchases WHERE film = ?", view_of(what.film)));
  TRY(on_film, sum_of(std::move(film)));
  TRY(peer, db.query("SELECT coalesce(sum(cost), 0) FROM purchases WHERE seller = ?", what.seller));
  TRY(with_peer, sum_of(std::move(peer)));
  TRY(day, db.query("SELECT coalesce(sum(cost), 0) FROM purchases WHERE day = ?", now_ms / kDayMs));
  TRY(on_day, sum_of(std::move(day)));
  return Spent{on_blob, on_film, with_peer, on_day};
}

Result<Amount> PurchaseBook::lost_to(const EndpointId& seller, std::int64_t since_ms) {
  TRY(query,
      db_.connection().query("SELECT coalesce(sum(cost), 0) FROM purchases "
                             "WHERE seller = ? AND (state = 5 OR undelivered) AND at_ms >= ?",
                             seller, since_ms));
  return sum_of(std::move(query));
}

Result<PurchaseBook::InWallet> PurchaseBook::in_wallet(const PurchaseRow& row) {
  const std::string key = row.key();
  TRY(query,
      db_.connection().query("SELECT count(*), coalesce(sum(state IN (0, 3)), 0), "
                             "coalesce(sum(fee), 0) FROM operations WHERE idempotency_key = ?1 "
                             "OR idempotency_key GLOB ?1 || ' by *'",
                             std::string_view(key)));
  TRY(there, query.step());
  if (!there) return fail(Code::internal, "a sum of no row");
  return InWallet{query.integer(0) > 0, query.integer(1) > 0, amount_at(query, 2)};
}

Result<Amount> PurchaseBook::fee_of_taking_back(wallet::OperationId token) {
  TRY(query, db_.connection().query("SELECT coalesce(sum(fee), 0) FROM operations "
                                    "WHERE takes_back = ? AND state IN (1, 2)",
                                    token.value()));
  return sum_of(std::move(query));
}

Result<bool> PurchaseBook::is_being_taken_back(wallet::OperationId token) {
  TRY(query,
      db_.connection().query("SELECT 1 FROM operations WHERE takes_back = ? AND state IN (0, 3)",
                             token.value()));
  return query.step();
}

}  // namespace archy::streaming
