// SQLite's result codes as ours.
#pragma once

#include <string_view>

#include "base/result.hpp"

struct sqlite3;

namespace archy::db {

// `code` is an extended result code. `db` may be null.
// Errors: locked (BUSY), no_space (FULL), corrupt (CORRUPT, NOTADB), denied (READONLY, PERM,
// CANTOPEN), io, internal.
std::unexpected<Error> fail_sqlite(std::string_view what, sqlite3* db, int code);

}  // namespace archy::db
