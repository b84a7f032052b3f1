// The schema a program knows: an ordered list of steps, the n-th bringing version n-1 to n.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::db {

class Connection;

struct Schema {
  std::string_view name;               // of the file, for messages
  std::int32_t application_id = 0;     // SQLite's application_id: tells our files from others
  std::span<const char* const> steps;  // each one or more SQL statements
};

// What stands in the file: PRAGMA user_version. 0: a new file.
// Errors: unsupported when it is newer than `schema`, corrupt when the application id is another's.
Result<std::int64_t> schema_version(Connection& connection, const Schema& schema);
// Runs the missing steps, each in its own transaction with its version.
Result<> migrate(Connection& connection, const Schema& schema, std::int64_t from);

}  // namespace archy::db
