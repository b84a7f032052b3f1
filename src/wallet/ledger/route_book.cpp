#include "wallet/ledger/route_book.hpp"

#include "wallet/ledger/amount_column.hpp"

namespace archy::wallet {
namespace {

// Columns from `first` on, in the order of the table.
Route read(const db::Query& query, int first) {
  const auto number = [&](int column) { return query.integer(first + column); };
  Route out{static_cast<std::uint64_t>(number(0)), static_cast<std::uint64_t>(number(1)),
            static_cast<std::uint32_t>(number(2)), number(3),
            static_cast<std::uint64_t>(number(4)), amount_at(query, first + 5)};
  if (!query.is_null(first + 6)) out.least_failed = amount_at(query, first + 6);
  out.left_until_ms = number(7);
  out.last_note = std::string(query.text(first + 8));
  out.changed_ms = number(9);
  return out;
}

}  // namespace

Result<Route> RouteBook::find(const RouteKey& key) {
  TRY(query, db_.query("SELECT successes, failures, in_a_row, usual_ms, usual_fee_ppm, most_done, "
                       "least_failed, left_until_ms, last_note, changed_ms FROM routes "
                       "WHERE from_mint = ? AND to_mint = ? AND bucket = ?",
                       key.from.value(), key.to.value(), key.bucket));
  TRY(there, query.step());
  return there ? read(query, 0) : Route{};
}

Result<> RouteBook::put(const RouteKey& key, const Route& route) {
  std::optional<std::int64_t> least_failed;
  if (route.least_failed) least_failed = integer_of(*route.least_failed);
  return db_.run("INSERT OR REPLACE INTO routes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 key.from.value(), key.to.value(), key.bucket, route.successes, route.failures,
                 route.in_a_row, route.usual_ms, route.usual_fee_ppm, integer_of(route.most_done),
                 least_failed, route.left_until_ms, std::string_view(route.last_note),
                 route.changed_ms);
}

Result<std::vector<RouteRow>> RouteBook::list() {
  TRY(query, db_.query("SELECT from_mint, to_mint, bucket, successes, failures, in_a_row, "
                       "usual_ms, usual_fee_ppm, most_done, least_failed, left_until_ms, "
                       "last_note, changed_ms FROM routes ORDER BY from_mint, to_mint, bucket"));
  std::vector<RouteRow> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.push_back({{MintId(query.integer(0)), MintId(query.integer(1)),
                    static_cast<SizeBucket>(query.integer(2))},
                   read(query, 3)});
  }
}

}  // namespace archy::wallet
