// What a method takes, as data: checked before the handler runs, printed in the documentation.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rpc/json.hpp"
#include "store/blob_store.hpp"

namespace archy::rpc {

enum class Type : unsigned char {
  boolean,
  integer,    // min..max
  text,       // at most max bytes, no control characters
  hash,       // 64 hex digits
  content,    // a hash, or s<hash> for a hash sequence
  text_list,  // at most max entries
  value,      // boolean, integer, text or list of text (a setting's)
};

struct Param {
  std::string_view name;  // snake_case, units in the name
  Type type = Type::text;
  bool required = false;
  std::string_view help;
  std::int64_t min = 0;
  std::int64_t max = 4096;
};

// Shape: "hash", "integer 1..1000", ...
std::string type_text(const Param& param);

// Errors: bad_input with the parameter's name (unknown, missing, wrong type, out of range).
Result<> check_params(std::span<const Param> params, const Json& given);

// Reading a parameter that was checked. The fallback is for one that was left out.
bool flag(const Json& params, std::string_view name, bool fallback = false);
std::int64_t integer(const Json& params, std::string_view name, std::int64_t fallback);
std::string text(const Json& params, std::string_view name, std::string fallback = {});
std::vector<std::string> texts(const Json& params, std::string_view name);
store::HashAndFormat content(const Json& params, std::string_view name);
bool has(const Json& params, std::string_view name);

}  // namespace archy::rpc
