#include "settings/settings.hpp"

#include <fmt/core.h>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "settings/toml_text.hpp"

namespace archy::settings {
namespace {

// "swarm" of "swarm.enabled", as it stands in a variable's name.
bool is_our_variable(std::string_view name) {
  if (!name.starts_with("ARCHIPELAGO_")) return false;
  for (const Setting& setting : table()) {
    const std::string full = environment_name(setting);
    const auto module_end = full.find('_', std::string_view("ARCHIPELAGO_").size());
    if (name.starts_with(std::string_view(full).substr(0, module_end + 1))) return true;
  }
  return false;
}

// The nearest setting to a variable that is none: compared in the table's spelling.
std::string_view meant_by(std::string_view variable) {
  std::string name;
  for (const char c : variable.substr(std::string_view("ARCHIPELAGO_").size()))
    name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (const auto at = name.find('_'); at != std::string::npos) name[at] = '.';
  return nearest(name);
}

}  // namespace

std::string_view to_string(From from) {
  switch (from) {
    case From::defaults:
      return "default";
    case From::file:
      return "file";
    case From::environment:
      return "environment";
  }
  return "default";
}

Settings::Settings() {
  for (const Setting& setting : table()) held_[setting.name] = {setting.default_value};
}

const Value& Settings::at(std::string_view name) const {
  const auto found = held_.find(name);
  CHECK(found != held_.end());
  return found->second.value;
}

From Settings::from(std::string_view name) const {
  const auto found = held_.find(name);
  CHECK(found != held_.end());
  return found->second.from;
}

Result<> Settings::apply(std::string_view name, Value value, From from) {
  TRY(setting, require(name));
  TRY_OK(check(*setting, value));
  held_[setting->name] = {std::move(value), from};
  return {};
}

Result<> Settings::apply_toml(std::string_view text, std::string_view shown_as) {
  TRY(entries, read_toml(text, shown_as));
  Settings next = *this;
  for (TomlEntry& entry : entries) {
    if (auto done = next.apply(entry.name, std::move(entry.value), From::file); !done) {
      return fail(done.error().code,
                  fmt::format("{}:{}: {}", shown_as, entry.line, done.error().detail));
    }
  }
  *this = std::move(next);
  return {};
}

Result<> Settings::apply_environment(
    std::span<const std::pair<std::string, std::string>> variables) {
  for (const auto& [name, text] : variables) {
    if (!is_our_variable(name)) continue;
    const Setting* setting = nullptr;
    for (const Setting& row : table()) {
      if (environment_name(row) == name) setting = &row;
    }
    if (!setting) {
      const std::string_view meant = meant_by(name);
      const std::string shown = escape_for_terminal(std::string_view(name).substr(0, 80));
      return fail(Code::bad_input,
                  meant.empty() ? fmt::format("environment: {} is no setting", shown)
                                : fmt::format("environment: {} is no setting; did you mean {}?",
                                              shown, environment_name(*find(meant))));
    }
    auto value = parse_words(*setting, text);
    if (!value) return fail_in("environment: " + name, value.error());
    held_[setting->name] = {std::move(*value), From::environment};
  }
  return {};
}

Result<> Settings::set(std::string_view name, Value value) {
  TRY(setting, require(name));
  if (from(setting->name) == From::environment) {
    return fail(Code::denied, fmt::format("setting {}: the environment variable {} overrides it",
                                          setting->name, environment_name(*setting)));
  }
  return apply(name, std::move(value), From::file);
}

}  // namespace archy::settings
