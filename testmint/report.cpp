// A mint's book as one JSON object, so that a test can hold every wallet's words against it.
//
// outstanding: ecash that somebody has; unclaimed: paid quotes that nobody has minted yet. What is
// received and not paid out again covers both, and what is over is input fees and change that was
// not given: `balanced` says so.
#include <nlohmann/json.hpp>

#include "testmint/mint.hpp"

namespace archy::testmint {
namespace {

// Of melts that ended: what would have been change and was not signed. Below 0 when Lightning took
// more than the inputs had.
Result<std::int64_t> change_kept(db::Connection& connection) {
  TRY(query, connection.query(
                 "SELECT coalesce(sum(o.inputs - q.amount - q.fee - o.input_fee - o.outputs), "
                 "0) FROM operations o JOIN melt_quotes q ON q.operation = o.id "
                 "WHERE q.state = ?",
                 cashu::QuoteState::paid));
  TRY_OK(query.step());
  return query.integer(0);
}

Result<Json> operations(db::Connection& connection) {
  static constexpr const char* kKinds[] = {"swap", "mint", "melt"};
  Json out = Json::array();
  TRY(query, connection.query("SELECT id, kind, quote, inputs, outputs, input_fee, at_ms "
                              "FROM operations ORDER BY id"));
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.push_back({{"id", query.integer(0)},
                   {"kind", kKinds[query.integer(1) % 3]},
                   {"quote", query.text(2)},
                   {"inputs", query.integer(3)},
                   {"outputs", query.integer(4)},
                   {"input_fee", query.integer(5)},
                   {"at_ms", query.integer(6)}});
  }
}

Result<Json> issued(db::Connection& connection) {
  Json out = Json::array();
  TRY(query, connection.query("SELECT b, keyset, amount, c, operation FROM issued "
                              "ORDER BY operation, position"));
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.push_back({{"B_", to_hex(query.blob(0))},
                   {"id", query.text(1)},
                   {"amount", query.integer(2)},
                   {"C_", to_hex(query.blob(3))},
                   {"operation", query.integer(4)}});
  }
}

Result<Json> spent(db::Connection& connection) {
  Json out = Json::array();
  TRY(query, connection.query("SELECT y, keyset, amount, state, operation FROM spent "
                              "ORDER BY operation, y"));
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.push_back({{"Y", to_hex(query.blob(0))},
                   {"id", query.text(1)},
                   {"amount", query.integer(2)},
                   {"state", query.integer(3) == 2 ? "SPENT" : "PENDING"},
                   {"operation", query.integer(4)}});
  }
}

Result<Json> mint_quotes(db::Connection& connection) {
  Json out = Json::array();
  TRY(query, connection.query("SELECT id, invoice, amount, paid, issued FROM mint_quotes "
                              "ORDER BY id"));
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.push_back({{"quote", query.text(0)},
                   {"request", query.text(1)},
                   {"amount", query.integer(2)},
                   {"amount_paid", query.integer(3)},
                   {"amount_issued", query.integer(4)}});
  }
}

Result<Json> melt_quotes(db::Connection& connection) {
  static constexpr const char* kStates[] = {"UNPAID", "PENDING", "PAID"};
  Json out = Json::array();
  TRY(query, connection.query("SELECT id, invoice, amount, fee_reserve, fee, state, operation "
                              "FROM melt_quotes ORDER BY id"));
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    out.push_back({{"quote", query.text(0)},
                   {"request", query.text(1)},
                   {"amount", query.integer(2)},
                   {"fee_reserve", query.integer(3)},
                   {"fee", query.integer(4)},
                   {"state", kStates[query.integer(5) % 3]},
                   {"operation", query.integer(6)}});
  }
}

}  // namespace

Result<std::string> Mint::report(std::int64_t now_ms) {
  TRY_OK(settle_due(now_ms));
  TRY(quotes, book_->all_mint_quotes());
  for (const std::string& id : quotes) {
    TRY(quote, book_->mint_quote(id));
    if (auto seen = seen_paid(std::move(*quote), now_ms); !seen)
      return archy::fail(Code::io, seen.error().detail);
  }
  TRY(totals, book_->totals());
  TRY(kept, change_kept(book_->connection()));
  TRY(remarks, book_->remarks());
  const auto outstanding = static_cast<std::int64_t>(totals.issued - totals.spent);
  const auto unclaimed = static_cast<std::int64_t>(totals.received - totals.claimed);
  const std::int64_t surplus = static_cast<std::int64_t>(totals.received) -
                               static_cast<std::int64_t>(totals.melted + totals.fees_paid) -
                               outstanding - unclaimed;
  Json out{{"name", options_.name},
           {"issued", totals.issued},
           {"spent", totals.spent},
           {"pending", totals.pending},
           {"outstanding", outstanding},
           {"received", totals.received},
           {"claimed", totals.claimed},
           {"unclaimed", unclaimed},
           {"melted", totals.melted},
           {"lightning_fees", totals.fees_paid},
           {"input_fees", totals.input_fees},
           {"change_kept", kept},
           {"surplus", surplus},
           {"balanced", surplus == static_cast<std::int64_t>(totals.input_fees) + kept},
           {"faults", faults_.happened()},
           {"remarks", remarks}};
  db::Connection& connection = book_->connection();
  TRY(operation_rows, operations(connection));
  out["operations"] = std::move(operation_rows);
  TRY(mint_quote_rows, mint_quotes(connection));
  out["mint_quotes"] = std::move(mint_quote_rows);
  TRY(melt_quote_rows, melt_quotes(connection));
  out["melt_quotes"] = std::move(melt_quote_rows);
  TRY(issued_rows, issued(connection));
  out["issued_rows"] = std::move(issued_rows);
  TRY(spent_rows, spent(connection));
  out["spent_rows"] = std::move(spent_rows);
  return out.dump();
}

}  // namespace archy::testmint
