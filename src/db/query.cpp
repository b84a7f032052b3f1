#include "db/query.hpp"

#include <sqlite3.h>

#include "db/connection.hpp"

namespace archy::db {

Query::Query(Query&& other) noexcept
    : connection_(other.connection_), statement_(other.statement_) {
  other.statement_ = nullptr;
}

Query::~Query() {
  if (statement_ != nullptr) connection_->give_back(statement_);
}

// Binding fails only for a wrong index, a busy statement or a value beyond SQLite's limits: the
// first two are our own mistakes, and the third leaves NULL, which the tables' NOT NULL constraints
// refuse.
void Query::bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void Query::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Query::bind(int index, ByteView blob) {
  if (blob.empty()) {
    sqlite3_bind_zeroblob(statement_, index, 0);
  } else {
    sqlite3_bind_blob64(statement_, index, blob.data(), blob.size(), SQLITE_TRANSIENT);
  }
}
void Query::bind_null(int index) { sqlite3_bind_null(statement_, index); }

Result<bool> Query::step() {
  if (connection_->broken_ && !sqlite3_stmt_readonly(statement_)) {
    return fail(Code::io, connection_->name_ + ": closed for writing after a failed fsync");
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = connection_->failed("using", code);
  sqlite3_reset(statement_);
  return fail(std::move(error).error());
}

Result<> Query::finish() {
  for (;;) {
    TRY(more, step());
    if (!more) return {};
  }
}

void Query::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string_view Query::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
ByteView Query::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
int Query::columns() const { return sqlite3_column_count(statement_); }
std::string_view Query::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string_view() : std::string_view(name);
}
void Query::bind_to(Query& to, int index, int column) const {
  sqlite3_bind_value(to.statement_, index, sqlite3_column_value(statement_, column));
}

}  // namespace archy::db
