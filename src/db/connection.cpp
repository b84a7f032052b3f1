#include "db/connection.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/check.hpp"
#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "db/closed_mark.hpp"
#include "db/sqlite_error.hpp"

namespace archy::db {
namespace {

constexpr std::size_t kCachedStatements = 128;

// A new file is made by us, so that its directory entry is durable before anything stands in it.
Result<bool> make_file(rt::Files& files, const rt::Path& path) {
  auto kind = files.kind(path);
  if (kind.has_value()) {
    if (*kind == rt::FileKind::regular) {
      TRY_OK(files.sync_directory(path.parent_path()));
      return false;
    }
    return fail(Code::bad_input, path.native() + " is not a regular file");
  }
  if (kind.error().code != Code::not_found) return fail(kind.error());
  TRY(made, files.open(path, rt::Open::create_new));
  TRY_OK(made->sync());
  made.reset();
  TRY_OK(files.sync_directory(path.parent_path()));
  return true;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(rt::Files& files, const rt::Path& path,
                                                     const Schema& schema, const Options& options) {
  TRY(made, make_file(files, path));
  std::unique_ptr<Connection> connection(new Connection(std::string(schema.name), files, path));
  const auto size_as_closed = take_closed_mark(files, path);
  TRY_OK(connection->open_handle(path, options));
  // Nothing below writes before the file is known to be sound and ours.
  TRY(version, schema_version(*connection, schema));
  const bool spared = size_as_closed.value_or(0) > kAlwaysCheckedBytes;
  if (options.quick_check && !made && !spared) TRY_OK(connection->check_integrity(true));
  TRY_OK(connection->apply_settings(version == 0));
  connection->accepted_ = true;
  TRY_OK(migrate(*connection, schema, version));
  // Frames that a failed fsync gave up still show in the page cache: written anew, they are durable
  // or refused.
  TRY(moved, connection->pragma_value("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (moved != "0")
    return fail(Code::io, connection->name_ + ": the log cannot be moved into the file");
  return connection;
}

Result<> Connection::open_handle(const rt::Path& path, const Options& options) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  // NOFOLLOW refuses symlinks in any component, so the folder's are resolved first.
  rt::Path real = path;
  if (options.vfs.empty()) {
    std::error_code unresolved;
    const rt::Path folder = std::filesystem::canonical(path.parent_path(), unresolved);
    if (!unresolved) real = folder / path.filename();
  }
  const int code = sqlite3_open_v2(real.c_str(), &handle_, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  if (code != SQLITE_OK) return failed("opening", code);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_busy_timeout(handle_, 0);
  // Before the first read: an exclusive WAL needs no shared memory file.
  if (!test_hooks::planted("db_not_exclusive"))
    TRY_OK(pragma("locking_mode", "EXCLUSIVE", "exclusive"));
  TRY_OK(pragma("mmap_size", "0", "0"));
  TRY_OK(pragma("cell_size_check", "ON", "1"));
  return pragma("trusted_schema", "OFF", "0");
}

Result<> Connection::apply_settings(bool fresh) {
  if (fresh) TRY_OK(pragma("page_size", "4096", "4096"));
  TRY_OK(pragma("journal_mode", "WAL", "wal"));
  TRY_OK(pragma("synchronous", "FULL", "2"));
  TRY_OK(pragma("foreign_keys", "ON", "1"));
  TRY_OK(pragma("secure_delete", "ON", "1"));
  TRY_OK(pragma("temp_store", "MEMORY", "2"));
  TRY_OK(pragma("wal_autocheckpoint", "8192", "8192"));  // 32 MiB: a batch does not pay for it
  return pragma("cache_size", "-8192", "-8192");
}

Result<> Connection::pragma(const char* name, const char* value, std::string_view expected) {
  TRY(set, pragma_value(fmt::format("PRAGMA {} = {}", name, value)));
  TRY(now, pragma_value(fmt::format("PRAGMA {}", name)));
  // A VFS without memory maps answers mmap_size with no row at all.
  if (now == expected || (now.empty() && std::string_view(name) == "mmap_size")) return {};
  return fail(Code::unsupported, fmt::format("{}: SQLite keeps {} at '{}' instead of '{}'", name_,
                                             name, now, expected));
}

Result<std::string> Connection::pragma_value(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) return fail(failed("opening", code).error());
  std::string value;
  code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    if (text != nullptr) value = text;
    // The statement ends after its row: journal_mode = WAL fails there when the file cannot be
    // changed.
    do {
      code = sqlite3_step(statement);
    } while (code == SQLITE_ROW);
  }
  Result<> outcome;
  if (code != SQLITE_DONE) outcome = failed("opening", code);
  sqlite3_finalize(statement);
  TRY_OK(std::move(outcome));
  return value;
}

Result<Query> Connection::prepare(std::string_view sql) {
  CHECK(handle_ != nullptr);
  if (const auto found = cache_.find(sql); found != cache_.end()) {
    sqlite3_stmt* const statement = found->second;
    cache_.erase(found);
    return Query(*this, statement);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return fail(failed("using", code).error());
  if (statement == nullptr) return fail(Code::internal, "an empty SQL statement");
  return Query(*this, statement);
}

void Connection::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  // The key views SQLite's own copy of the text, which lives as long as the statement.
  const std::string_view sql = sqlite3_sql(statement);
  const bool kept = cache_.size() < kCachedStatements && !sql.starts_with("PRAGMA") &&
                    cache_.emplace(sql, statement).second;
  if (!kept) sqlite3_finalize(statement);
}

Result<> Connection::failed(std::string_view what, int code) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) broken_ = true;
  auto error = fail_sqlite(fmt::format("{} {}", what, name_), handle_, code).error();
  if (error.code == Code::locked) error.detail = name_ + " is in use by another process";
  return fail(std::move(error));
}

std::int64_t Connection::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Connection::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<> Connection::check_integrity(bool quick) {
  TRY(first, pragma_value(quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)"));
  if (first == "ok") return {};
  // Above what is wrong stands where ("*** in database main ***").
  if (const std::size_t line = first.find('\n'); first.starts_with("***") && line != first.npos)
    first.erase(0, line + 1);
  if (const std::size_t line = first.find('\n'); line != std::string::npos) first.resize(line);
  return fail(Code::corrupt, fmt::format("{} is damaged: {}", name_, first));
}

Result<> Connection::close() {
  if (handle_ == nullptr) return {};
  for (const auto& [sql, statement] : cache_) sqlite3_finalize(statement);
  cache_.clear();
  Result<> outcome;
  int in_log = 0;
  int moved = 0;
  if (accepted_ && !broken_ && depth_ == 0) {
    const int code =
        sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, &in_log, &moved);
    if (code != SQLITE_OK) {
      outcome = failed("closing", code);
    } else if (in_log != moved) {
      outcome = fail(Code::io, fmt::format("closing {}: {} of {} pages moved out of the WAL", name_,
                                           moved, in_log));
    }
  }
  const int code = sqlite3_close(handle_);
  CHECK(code == SQLITE_OK);
  handle_ = nullptr;
  if (accepted_ && !broken_ && outcome) leave_closed_mark(files_, path_);
  return outcome;
}

Connection::~Connection() {
  if (auto closed = close(); !closed.has_value()) {
    log::warn("db", "{}", to_string(closed.error()));
  }
}

}  // namespace archy::db
