// One prepared statement in use: bound, stepped, read, and given back to its connection at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

struct sqlite3_stmt;

namespace archy::db {

class Connection;

// Lifetime: within its connection's. Views from columns live until the next step().
class Query {
 public:
  ~Query();
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, ByteView blob);
  void bind_null(int index);
  template <class I>
    requires(std::is_integral_v<I> || std::is_enum_v<I>)
  void bind(int index, I value) {
    bind(index, static_cast<std::int64_t>(value));
  }
  template <class Tag>
  void bind(int index, const Bytes32<Tag>& value) {
    bind(index, value.view());
  }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value.has_value() ? bind(index, *value) : bind_null(index);
  }

  // True when a row is there, false at the end.
  Result<bool> step();
  // Steps to the end.
  Result<> finish();
  // Back to the start with the same parameters, or new ones bound after it.
  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  ByteView blob(int column) const;
  int columns() const;
  std::string_view column_name(int column) const;
  // Parameter `index` of `to` becomes what stands in this column, of whatever type.
  void bind_to(Query& to, int index, int column) const;
  // None unless the column is a blob of 32 bytes.
  template <class T>
  std::optional<T> bytes32(int column) const {
    const ByteView value = blob(column);
    if (value.size() != 32) return std::nullopt;
    return T::from(value);
  }

 private:
  friend class Connection;
  Query(Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}
  Connection* connection_;
  sqlite3_stmt* statement_;
};

}  // namespace archy::db
