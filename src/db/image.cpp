// Databases that are no file of their own: in memory, or a damaged file that is only read.
#include <fmt/core.h>
#include <sqlite3.h>

#include <cstring>

#include "db/connection.hpp"
#include "db/sqlite_error.hpp"
#include "db/transaction.hpp"

namespace archy::db {
namespace {

// Small, because most tables of an image are empty.
constexpr const char* kImagePage = "512";

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open_image(rt::Files& files, const Schema& schema,
                                                           ByteView image) {
  std::unique_ptr<Connection> out(new Connection(std::string(schema.name), files, {}));
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(":memory:", &out->handle_, flags, nullptr);
  if (code != SQLITE_OK) return fail(out->failed("opening", code).error());
  sqlite3_db_config(out->handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(out->handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (image.empty()) TRY_OK(out->pragma("page_size", kImagePage, kImagePage));
  if (!image.empty()) {
    auto* const bytes = static_cast<unsigned char*>(sqlite3_malloc64(image.size()));
    if (bytes == nullptr) return fail(Code::no_space, "no memory for a database");
    std::memcpy(bytes, image.data(), image.size());
    const auto size = static_cast<sqlite3_int64>(image.size());
    const int put =
        sqlite3_deserialize(out->handle_, "main", bytes, size, size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (put != SQLITE_OK) return fail(out->failed("reading", put).error());
    TRY_OK(out->check_integrity(false));
  }
  TRY_OK(out->pragma("foreign_keys", "ON", "1"));
  TRY(version, schema_version(*out, schema));
  if (!image.empty() && version == 0) return fail(Code::corrupt, "an empty database");
  TRY_OK(migrate(*out, schema, version));
  return out;
}

Result<std::unique_ptr<Connection>> Connection::open_damaged(rt::Files& files, const rt::Path& path,
                                                             const Schema& schema,
                                                             const Options& options) {
  TRY_OK(files.kind(path));
  std::unique_ptr<Connection> out(new Connection(std::string(schema.name), files, path));
  TRY_OK(out->open_handle(path, options));
  TRY_OK(out->pragma("query_only", "ON", "1"));
  TRY(tables, out->query("SELECT count(*) FROM sqlite_schema"));
  TRY(there, tables.step());
  if (!there || tables.integer(0) == 0) return fail(Code::corrupt, out->name_ + " has no tables");
  return out;
}

Result<Connection::Copied> Connection::copy_rows(const std::string& select,
                                                 const std::string& table, Connection& to,
                                                 Copying how) {
  const bool lenient = how == Copying::lenient;
  Copied out;
  auto rows = query(select);
  if (!rows && lenient && rows.error().code != Code::io) return Copied{0, 0, false};
  if (!rows) return fail(rows.error());
  std::string names;
  std::string marks;
  for (int i = 0; i < rows->columns(); ++i) {
    names += fmt::format("{}{}", i ? ", " : "", rows->column_name(i));
    marks += i ? ", ?" : "?";
  }
  const std::string insert = fmt::format("INSERT INTO {} ({}) VALUES ({})", table, names, marks);
  TRY(put, to.query(insert));
  for (;;) {
    auto more = rows->step();
    if (!more && lenient) {
      out.to_the_end = false;
      return out;
    }
    if (!more) return fail(more.error());
    if (!*more) return out;
    put.reset();
    for (int i = 0; i < rows->columns(); ++i) rows->bind_to(put, i + 1, i);
    auto done = put.finish();
    // What the table itself does not allow was not written by us.
    if (!done && lenient && done.error().code != Code::no_space && done.error().code != Code::io) {
      ++out.refused;
      continue;
    }
    if (!done) return fail(done.error());
    ++out.rows;
  }
}

Result<Bytes> Connection::image() {
  sqlite3_int64 size = 0;
  unsigned char* const bytes = sqlite3_serialize(handle_, "main", &size, 0);
  if (bytes == nullptr) return fail(Code::no_space, "no memory for a copy of the database");
  Bytes out(bytes, bytes + size);
  sqlite3_free(bytes);
  return out;
}

std::int64_t Connection::total_changes() const { return sqlite3_total_changes64(handle_); }

}  // namespace archy::db
