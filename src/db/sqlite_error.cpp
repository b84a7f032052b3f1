#include "db/sqlite_error.hpp"

#include <sqlite3.h>

#include <cerrno>

namespace archy::db {
namespace {

Code code_of(sqlite3* db, int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::locked;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
      return Code::no_space;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return Code::denied;
    case SQLITE_NOMEM:
      return Code::try_later;
    case SQLITE_IOERR: {
      const int system = db == nullptr ? 0 : sqlite3_system_errno(db);
      return system == ENOSPC || system == EDQUOT || system == EFBIG ? Code::no_space : Code::io;
    }
    default:
      return Code::internal;
  }
}

}  // namespace

std::unexpected<Error> fail_sqlite(std::string_view what, sqlite3* db, int code) {
  std::string detail(what);
  detail += ": ";
  // The connection's own text says more, but only when it belongs to this code.
  const bool own = db != nullptr && sqlite3_extended_errcode(db) == code;
  detail += own ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  return fail(code_of(db, code), std::move(detail));
}

}  // namespace archy::db
