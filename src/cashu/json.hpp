// JSON from mints, tokens, daemons and peers, read strictly. For .cpp files alone.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.hpp"

namespace archy::cashu {

using Json = nlohmann::ordered_json;

// Errors: bad_input: not JSON, not UTF-8, deeper than 16, an object of more than 512 members, or
// one that names a member twice (two readers would take two meanings). Cost: linear in the text.
Result<Json> read_json(std::string_view text);

// Members, by the types that the formats use. Errors: bad_input, with the member's name.
Result<const Json*> object_member(const Json& object, std::string_view name);
// Null when it is not there, or null.
const Json* optional_member(const Json& object, std::string_view name);
Result<std::string> string_member(const Json& object, std::string_view name);
// Whole and not negative, up to 2^64 - 1: never a float.
Result<std::uint64_t> number_member(const Json& object, std::string_view name);
Result<std::uint64_t> number_of(const Json& value, std::string_view name);
Result<std::string> string_of(const Json& value, std::string_view name);

// Decimal digits alone, no sign, no leading zero. Errors: bad_input.
Result<std::uint64_t> decimal(std::string_view text);

// One line, no white space. Requires: strings are UTF-8.
std::string to_text(const Json& json);

}  // namespace archy::cashu
