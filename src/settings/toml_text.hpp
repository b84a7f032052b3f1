// config.toml as text: read into entries, and one value changed with everything else, comments
// included, left as the operator wrote it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/table.hpp"

namespace archy::settings {

struct TomlEntry {
  std::string name;  // dotted
  Value value;
  std::size_t line = 0;
};

// Units: bytes. A configuration is written by a person.
inline constexpr std::size_t kTomlBytes = 256u << 10;

// Errors: bad_input with line (not TOML, too long, nested deeper than module.name, a type no
// setting has).
Result<std::vector<TomlEntry>> read_toml(std::string_view text, std::string_view shown_as);

// Shape: true, 42, "word", ["a", "b"].
std::string toml_literal(const Value& value);

// `text` with `name` set to `value`: in place where it stands, else below its [module], else at the
// end. Errors: bad_input when `text` is not TOML, or is written so that the line cannot be placed
// (then the operator has to).
Result<std::string> edit_toml(std::string_view text, std::string_view name, const Value& value);

}  // namespace archy::settings
