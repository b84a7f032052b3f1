#include "db/migration.hpp"

#include <fmt/core.h>

#include "db/connection.hpp"
#include "db/transaction.hpp"

namespace archy::db {
namespace {

Result<std::int64_t> read_integer(Connection& connection, std::string_view pragma) {
  TRY(query, connection.query(pragma));
  TRY(row, query.step());
  if (!row) return fail(Code::corrupt, fmt::format("{} gave no answer", pragma));
  return query.integer(0);
}

// Splits on ";\n" so that each statement goes through the one prepared path.
Result<> run_script(Connection& connection, std::string_view script) {
  while (!script.empty()) {
    const std::size_t end = script.find(";\n");
    const std::string_view statement = script.substr(0, end);
    if (statement.find_first_not_of(" \n;") != std::string_view::npos) {
      TRY_OK(connection.run(statement));
    }
    if (end == std::string_view::npos) break;
    script.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace

Result<std::int64_t> schema_version(Connection& connection, const Schema& schema) {
  TRY(application, read_integer(connection, "PRAGMA application_id"));
  TRY(version, read_integer(connection, "PRAGMA user_version"));
  TRY(tables, read_integer(connection, "SELECT count(*) FROM sqlite_schema"));
  if (version == 0 && application == 0 && tables == 0) return std::int64_t{0};
  if (application != schema.application_id) {
    return fail(Code::corrupt, fmt::format("{} is not a file of this program", schema.name));
  }
  if (version < 0 || version > static_cast<std::int64_t>(schema.steps.size())) {
    return fail(Code::unsupported,
                fmt::format("{} has schema version {}, this program knows up to {}", schema.name,
                            version, schema.steps.size()));
  }
  return version;
}

Result<> migrate(Connection& connection, const Schema& schema, std::int64_t from) {
  for (std::size_t step = static_cast<std::size_t>(from); step < schema.steps.size(); ++step) {
    TRY(transaction, Transaction::begin(connection));
    TRY_OK(run_script(connection, schema.steps[step]));
    const std::string id = fmt::format("PRAGMA application_id = {}", schema.application_id);
    const std::string version = fmt::format("PRAGMA user_version = {}", step + 1);
    TRY_OK(connection.run(id));
    TRY_OK(connection.run(version));
    TRY_OK(transaction.commit());
  }
  return {};
}

}  // namespace archy::db
