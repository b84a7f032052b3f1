#include "wallet/ledger/mint_book.hpp"

#include "base/test_hooks.hpp"
#include "wallet/ledger/mint_url.hpp"

namespace archy::wallet {
namespace {

constexpr std::string_view kMintColumns = "id, url, trusted, home, cap";
// What NUT-13's path holds for a v1 keyset, and what a database integer does for others.
constexpr std::uint64_t kCountersV1 = std::uint64_t{1} << 31;
constexpr std::uint64_t kCountersV2 = std::uint64_t{1} << 62;

MintRow read_mint(const db::Query& query) {
  MintRow row{MintId(query.integer(0)), std::string(query.text(1)), query.integer(2) != 0,
              query.integer(3) != 0, std::nullopt};
  if (!query.is_null(4)) row.cap = cashu::Amount(static_cast<std::uint64_t>(query.integer(4)));
  return row;
}

std::string keys_text(const cashu::KeyByAmount& keys) {
  std::string out = "{";
  for (const auto& [amount, key] : keys) {
    if (out.size() > 1) out += ',';
    out += '"' + std::to_string(amount.value()) + "\":\"" + key.hex() + '"';
  }
  return out + "}";
}

std::optional<std::int64_t> path_number(const cashu::KeysetId& id) {
  if (id.version() != cashu::KeysetId::Version::v1) return std::nullopt;
  return id.path_number();
}

// A number of the mint's that no row can hold is refused where it comes in.
Result<std::int64_t> as_integer(std::uint64_t value) {
  if (value > INT64_MAX) return fail(Code::peer_fault, "a number beyond 2^63");
  return static_cast<std::int64_t>(value);
}

Result<KeysetRow> read_keyset(const db::Query& query) {
  TRY(id, cashu::KeysetId::parse(query.text(0)));
  TRY(keys, cashu::parse_keys(query.text(4)));
  cashu::KeysetTerms terms{std::string(query.text(1)), static_cast<std::uint64_t>(query.integer(2)),
                           std::nullopt};
  if (!query.is_null(3)) terms.final_expiry = static_cast<std::uint64_t>(query.integer(3));
  auto keyset = cashu::Keyset::make(id, std::move(terms), std::move(keys));
  if (!keyset) return fail(Code::corrupt, "wallet.db: " + keyset.error().detail);
  return KeysetRow{std::move(*keyset), query.integer(5) != 0};
}

}  // namespace

Result<MintRow> MintBook::add(std::string_view url, std::int64_t now_ms) {
  TRY(name, normal_mint_url(url));
  TRY_OK(
      db_.run("INSERT INTO mints (url, trusted, home, added_ms) VALUES (?, 1, 0, ?) "
              "ON CONFLICT (url) DO UPDATE SET trusted = 1",
              std::string_view(name), now_ms));
  TRY(row, find(name));
  if (!row) return fail(Code::internal, "a mint that was put in is not there");
  return *row;
}

Result<> MintBook::remove(std::string_view url) {
  TRY(row, find(url));
  if (!row || !row->trusted) return fail(Code::not_found, "no such mint");
  if (row->home) return fail(Code::denied, "it is the home mint: make another one home first");
  return db_.run("UPDATE mints SET trusted = 0 WHERE id = ?", row->id.value());
}

Result<> MintBook::set_home(std::string_view url) {
  TRY(row, find(url));
  if (!row || !row->trusted) return fail(Code::not_found, "no such mint: add it first");
  TRY(transaction, db::Transaction::begin(db_));
  TRY_OK(db_.run("UPDATE mints SET home = 0 WHERE home"));
  TRY_OK(db_.run("UPDATE mints SET home = 1 WHERE id = ?", row->id.value()));
  return transaction.commit();
}

Result<> MintBook::set_cap(std::string_view url, std::optional<cashu::Amount> cap) {
  TRY(row, find(url));
  if (!row) return fail(Code::not_found, "no such mint");
  std::optional<std::int64_t> value;
  if (cap) {
    TRY(number, as_integer(cap->value()));
    value = number;
  }
  return db_.run("UPDATE mints SET cap = ? WHERE id = ?", value, row->id.value());
}

Result<std::optional<MintRow>> MintBook::find(std::string_view url) {
  TRY(name, normal_mint_url(url));
  static const std::string sql =
      "SELECT " + std::string(kMintColumns) + " FROM mints WHERE url = ?";
  TRY(query, db_.query(sql, std::string_view(name)));
  TRY(there, query.step());
  if (!there) return std::optional<MintRow>{};
  return std::optional<MintRow>(read_mint(query));
}

Result<std::optional<MintRow>> MintBook::find(MintId id) {
  static const std::string sql = "SELECT " + std::string(kMintColumns) + " FROM mints WHERE id = ?";
  TRY(query, db_.query(sql, id.value()));
  TRY(there, query.step());
  if (!there) return std::optional<MintRow>{};
  return std::optional<MintRow>(read_mint(query));
}

Result<> MintBook::put_info(MintId mint, std::string_view json) {
  return db_.run("UPDATE mints SET info = ? WHERE id = ?", json, mint.value());
}

Result<std::optional<std::string>> MintBook::info(MintId mint) {
  TRY(query, db_.query("SELECT info FROM mints WHERE id = ?", mint.value()));
  TRY(there, query.step());
  if (!there || query.is_null(0)) return std::optional<std::string>{};
  return std::optional(std::string(query.text(0)));
}

Result<std::optional<MintRow>> MintBook::home() {
  static const std::string sql = "SELECT " + std::string(kMintColumns) + " FROM mints WHERE home";
  TRY(query, db_.query(sql));
  TRY(there, query.step());
  if (!there) return std::optional<MintRow>{};
  return std::optional<MintRow>(read_mint(query));
}

Result<std::vector<MintRow>> MintBook::list() {
  static const std::string sql = "SELECT " + std::string(kMintColumns) + " FROM mints ORDER BY id";
  TRY(query, db_.query(sql));
  std::vector<MintRow> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.push_back(read_mint(query));
  }
}

Result<bool> MintBook::is_trusted(std::string_view url) {
  TRY(row, find(url));
  return row.has_value() && row->trusted;
}

Result<> MintBook::put_keyset(MintId mint, const cashu::Keyset& keyset, bool active) {
  const auto& id = keyset.id();
  TRY(known, db_.query("SELECT mint FROM keysets WHERE id = ? OR path_number = ?",
                       std::string_view(id.text()), path_number(id)));
  TRY(there, known.step());
  if (there) {
    if (known.integer(0) != mint.value())
      return fail(Code::denied, "keyset " + id.text() + " belongs to another mint");
    TRY(same, db_.query("SELECT 1 FROM keysets WHERE id = ?", std::string_view(id.text())));
    TRY(is_same, same.step());
    if (!is_same)
      return fail(Code::denied, "keyset " + id.text() + " would share the secrets of another one");
    return db_.run("UPDATE keysets SET active = ? WHERE id = ?", active,
                   std::string_view(id.text()));
  }
  TRY(ppk, as_integer(keyset.terms().input_fee_ppk));
  std::optional<std::int64_t> expiry;
  if (keyset.terms().final_expiry) {
    TRY(seconds, as_integer(*keyset.terms().final_expiry));
    expiry = seconds;
  }
  const std::string keys = keys_text(keyset.keys());
  return db_.run(
      "INSERT INTO keysets (id, mint, unit, input_fee_ppk, final_expiry, active, path_number, "
      "keys) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      std::string_view(id.text()), mint.value(), std::string_view(keyset.terms().unit), ppk, expiry,
      active, path_number(id), std::string_view(keys));
}

Result<std::vector<KeysetRow>> MintBook::keysets(MintId mint) {
  TRY(query, db_.query("SELECT id, unit, input_fee_ppk, final_expiry, keys, active FROM keysets "
                       "WHERE mint = ? ORDER BY id",
                       mint.value()));
  std::vector<KeysetRow> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(row, read_keyset(query));
    out.push_back(std::move(row));
  }
}

Result<std::vector<EndingKeyset>> MintBook::ending(MintId mint, std::uint64_t before_s) {
  TRY(before, as_integer(before_s));
  TRY(query, db_.query("SELECT id, final_expiry FROM keysets WHERE mint = ? AND unit = 'sat' "
                       "AND final_expiry < ? ORDER BY final_expiry",
                       mint.value(), before));
  std::vector<EndingKeyset> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(id, cashu::KeysetId::parse(query.text(0)));
    out.push_back({id, static_cast<std::uint64_t>(query.integer(1))});
  }
}

Result<KeysetRow> MintBook::keyset(const cashu::KeysetId& id) {
  TRY(query, db_.query("SELECT id, unit, input_fee_ppk, final_expiry, keys, active FROM keysets "
                       "WHERE id = ?",
                       std::string_view(id.text())));
  TRY(there, query.step());
  if (!there) return fail(Code::not_found, "no such keyset");
  return read_keyset(query);
}

Result<MintId> MintBook::mint_of(const cashu::KeysetId& keyset) {
  TRY(query, db_.query("SELECT mint FROM keysets WHERE id = ?", std::string_view(keyset.text())));
  TRY(there, query.step());
  if (!there) return fail(Code::not_found, "no such keyset");
  return MintId(query.integer(0));
}

Result<CounterRange> MintBook::take_counters(const cashu::KeysetId& keyset, std::uint64_t count) {
  const bool is_v1 = keyset.version() == cashu::KeysetId::Version::v1;
  const std::uint64_t most = is_v1 ? kCountersV1 : kCountersV2;
  if (count > most) return fail(Code::bad_input, "more outputs than there are counters");
  TRY(query, db_.query("UPDATE keysets SET next_counter = next_counter + ?1 "
                       "WHERE id = ?2 AND next_counter <= ?3 AND NOT doubtful "
                       "RETURNING next_counter",
                       count, std::string_view(keyset.text()), most - count));
  TRY(there, query.step());
  if (there) {
    const auto next = static_cast<std::uint64_t>(query.integer(0));
    TRY_OK(query.finish());
    if (test_hooks::planted("wallet_counter_goes_back")) return CounterRange{keyset, 0, count};
    return CounterRange{keyset, next - count, count};
  }
  TRY(known,
      db_.query("SELECT doubtful FROM keysets WHERE id = ?", std::string_view(keyset.text())));
  TRY(is_known, known.step());
  if (!is_known) return fail(Code::not_found, "no such keyset");
  if (known.integer(0) != 0)
    return fail(Code::denied, "the wallet's database was put back: its mint is asked first");
  return fail(Code::unsupported, "the keyset has no counters left");
}

Result<std::uint64_t> MintBook::next_counter(const cashu::KeysetId& keyset) {
  TRY(query,
      db_.query("SELECT next_counter FROM keysets WHERE id = ?", std::string_view(keyset.text())));
  TRY(there, query.step());
  if (!there) return fail(Code::not_found, "no such keyset");
  return static_cast<std::uint64_t>(query.integer(0));
}

Result<std::vector<cashu::KeysetId>> MintBook::doubtful(MintId mint) {
  TRY(query, db_.query("SELECT id FROM keysets WHERE mint = ? AND doubtful", mint.value()));
  std::vector<cashu::KeysetId> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(id, cashu::KeysetId::parse(query.text(0)));
    out.push_back(id);
  }
}

Result<> MintBook::set_doubtful(const cashu::KeysetId& keyset, bool doubtful) {
  return db_.run("UPDATE keysets SET doubtful = ? WHERE id = ?", doubtful,
                 std::string_view(keyset.text()));
}

Result<std::uint64_t> MintBook::openings() {
  TRY(value, fact("openings"));
  return static_cast<std::uint64_t>(value);
}

Result<> MintBook::set_openings(std::uint64_t count) {
  return set_fact("openings", static_cast<std::int64_t>(count));
}

Result<std::uint64_t> MintBook::backups() {
  TRY(value, fact("backup_number"));
  return static_cast<std::uint64_t>(value);
}

Result<> MintBook::set_backups(std::uint64_t count) {
  return set_fact("backup_number", static_cast<std::int64_t>(count));
}

Result<std::int64_t> MintBook::checked_ms() { return fact("checked_ms"); }
Result<> MintBook::set_checked_ms(std::int64_t now_ms) { return set_fact("checked_ms", now_ms); }

Result<std::int64_t> MintBook::fact(std::string_view name) {
  TRY(query, db_.query("SELECT value FROM facts WHERE name = ?", name));
  TRY(there, query.step());
  return there ? query.integer(0) : 0;
}

Result<> MintBook::set_fact(std::string_view name, std::int64_t value) {
  return db_.run(
      "INSERT INTO facts (name, value) VALUES (?, ?) "
      "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name, value);
}

Result<> MintBook::advance_counter(const cashu::KeysetId& keyset, std::uint64_t next) {
  TRY(value, as_integer(next));
  return db_.run("UPDATE keysets SET next_counter = max(next_counter, ?) WHERE id = ?", value,
                 std::string_view(keyset.text()));
}

}  // namespace archy::wallet
