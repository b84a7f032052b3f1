#include "store/index.hpp"

#include "store/rows.hpp"

namespace archy::store {
namespace {

constexpr std::string_view kColumns =
    "id, hash, complete, location, size, size_state, sha256, added_ms";

Result<BlobRow> read_row(const db::Query& query) {
  BlobRow row;
  const auto hash = query.bytes32<Blake3Hash>(1);
  const std::int64_t location = query.integer(3);
  const std::int64_t size_state = query.integer(5);
  if (!hash.has_value() || location < 0 || location > 2 || size_state < 0 || size_state > 2 ||
      query.integer(4) < 0) {
    return fail(Code::corrupt, "store.db has a blob row that makes no sense");
  }
  row.id = query.integer(0);
  row.hash = *hash;
  row.complete = query.integer(2) != 0;
  row.location = static_cast<Location>(location);
  row.size = static_cast<std::uint64_t>(query.integer(4));
  row.size_state = static_cast<SizeState>(size_state);
  row.sha256 = query.bytes32<Sha256Digest>(6);
  row.added_ms = query.integer(7);
  return row;
}

}  // namespace

Result<std::optional<BlobRow>> Index::find(const Blake3Hash& hash) {
  static const std::string sql = "SELECT " + std::string(kColumns) + " FROM blobs WHERE hash = ?";
  TRY(query, db_->query(sql, hash));
  TRY(there, query.step());
  if (!there) return std::optional<BlobRow>{};
  TRY(row, read_row(query));
  return std::optional<BlobRow>(std::move(row));
}

Result<std::vector<BlobRow>> Index::page(std::int64_t after, std::size_t limit) {
  static const std::string sql =
      "SELECT " + std::string(kColumns) + " FROM blobs WHERE id > ? ORDER BY id LIMIT ?";
  TRY(query, db_->query(sql, after, limit));
  std::vector<BlobRow> rows;
  for (;;) {
    TRY(there, query.step());
    if (!there) return rows;
    TRY(row, read_row(query));
    rows.push_back(std::move(row));
  }
}

Result<std::int64_t> Index::put(const BlobRow& row) {
  if (row.id == 0) {
    TRY_OK(db_->run(
        "INSERT INTO blobs (hash, complete, location, size, size_state, sha256, added_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        row.hash, row.complete, row.location, row.size, row.size_state, row.sha256, row.added_ms));
    return db_->last_insert_id();
  }
  TRY_OK(
      db_->run("UPDATE blobs SET complete = ?, location = ?, size = ?, size_state = ?, sha256 = ? "
               "WHERE id = ?",
               row.complete, row.location, row.size, row.size_state, row.sha256, row.id));
  return row.id;
}

Result<> Index::erase(std::int64_t id) { return db_->run("DELETE FROM blobs WHERE id = ?", id); }

Result<Bytes> Index::inline_data(std::int64_t id) {
  TRY(query, db_->query("SELECT data FROM inline_data WHERE id = ?", id));
  TRY(there, query.step());
  if (!there) return fail(Code::corrupt, "store.db has lost the bytes of an inline blob");
  return to_bytes(query.blob(0));
}

Result<> Index::set_inline_data(std::int64_t id, ByteView data) {
  return db_->run("INSERT OR REPLACE INTO inline_data (id, data) VALUES (?, ?)", id, data);
}

Result<bao::ChunkRanges> Index::have(std::int64_t id) {
  TRY(query, db_->query("SELECT have FROM partials WHERE id = ?", id));
  TRY(there, query.step());
  if (!there) return bao::ChunkRanges{};
  return decode_ranges(query.blob(0));
}

Result<> Index::set_have(std::int64_t id, const bao::ChunkRanges& have) {
  const Bytes row = encode_ranges(have);
  return db_->run("INSERT OR REPLACE INTO partials (id, have) VALUES (?, ?)", id, ByteView(row));
}

Result<ExternalFile> Index::external(std::int64_t id) {
  TRY(query, db_->query("SELECT path, stamp FROM externals WHERE id = ?", id));
  TRY(there, query.step());
  if (!there) return fail(Code::corrupt, "store.db has lost the path of a blob");
  TRY(stamp, decode_stamp(query.blob(1)));
  return ExternalFile{std::string(as_text(query.blob(0))), stamp};
}

Result<> Index::set_external(std::int64_t id, const ExternalFile& file) {
  const Bytes stamp = encode_stamp(file.stamp);
  return db_->run("INSERT OR REPLACE INTO externals (id, path, stamp) VALUES (?, ?, ?)", id,
                  as_bytes(file.path.native()), ByteView(stamp));
}

Result<> Index::set_handover(std::int64_t id, const ExternalFile& file) {
  const Bytes stamp = encode_stamp(file.stamp);
  return db_->run("INSERT OR REPLACE INTO handovers (id, path, stamp) VALUES (?, ?, ?)", id,
                  as_bytes(file.path.native()), ByteView(stamp));
}

Result<> Index::clear_handover(std::int64_t id) {
  return db_->run("DELETE FROM handovers WHERE id = ?", id);
}

Result<std::vector<std::pair<BlobRow, ExternalFile>>> Index::handovers() {
  // CROSS: SQLite takes the tables in this order, and not all blobs to find the few intents.
  static const std::string sql =
      "SELECT " + std::string(kColumns) +
      ", path, stamp FROM handovers CROSS JOIN blobs USING (id) ORDER BY id";
  TRY(query, db_->query(sql));
  std::vector<std::pair<BlobRow, ExternalFile>> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(row, read_row(query));
    TRY(stamp, decode_stamp(query.blob(9)));
    out.emplace_back(std::move(row), ExternalFile{std::string(as_text(query.blob(8))), stamp});
  }
}

Result<> Index::clear_details(std::int64_t id) {
  TRY_OK(clear_handover(id));
  TRY_OK(db_->run("DELETE FROM inline_data WHERE id = ?", id));
  TRY_OK(db_->run("DELETE FROM partials WHERE id = ?", id));
  return db_->run("DELETE FROM externals WHERE id = ?", id);
}

}  // namespace archy::store
