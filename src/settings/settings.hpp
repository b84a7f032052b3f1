// The settings in force: a value for every row of the table, and where each came from.
//
// Order, later wins: default, file, environment. What is unknown or out of range is refused, never
// skipped: a typing error must not leave the operator with a setting he believes he has changed.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "settings/table.hpp"

namespace archy::settings {

enum class From : unsigned char { defaults, file, environment };
std::string_view to_string(From from);

// A value, not shared. Thread: any.
class Settings {
 public:
  // Every row has its default.
  Settings();

  // All keys of a TOML text. Nothing is applied when one is refused.
  // Errors: bad_input (not TOML, an unknown key, a wrong type or range) with `shown_as` and line.
  Result<> apply_toml(std::string_view text, std::string_view shown_as);
  // "NAME=value" entries; those that are not ARCHIPELAGO_<MODULE>_... of a module of ours are left
  // alone. Errors: bad_input.
  Result<> apply_environment(std::span<const std::pair<std::string, std::string>> variables);
  // Errors: bad_input (unknown, range), denied (the environment overrides it).
  Result<> set(std::string_view name, Value value);

  template <class T>
  const T& get(Key<T> key) const {
    return std::get<T>(at(key.name));
  }
  // Requires: a name of the table.
  const Value& at(std::string_view name) const;
  From from(std::string_view name) const;

 private:
  struct Held {
    Value value;
    From from = From::defaults;
  };
  Result<> apply(std::string_view name, Value value, From from);
  std::map<std::string_view, Held> held_;
};

}  // namespace archy::settings
