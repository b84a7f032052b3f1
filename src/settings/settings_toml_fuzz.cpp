// The input as config.toml, and its NAME=VALUE lines as environment. Oracle: a text that is read is
// edited, or refused with words; an edited one says what was set and otherwise what it said before
// (edit_toml checks that itself, this checks that it can be trusted). A value in force is in range,
// and reads back from what is written for it.
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "settings/settings.hpp"
#include "settings/table.hpp"
#include "settings/toml_text.hpp"

namespace archy::settings {
namespace {

// `text` with `name` set to `value` differs from `before` in nothing else.
void edit(std::string_view text, const Settings& before, std::string_view name,
          const Value& value) {
  const auto edited = edit_toml(text, name, value);
  if (!edited) {
    CHECK(!edited.error().detail.empty());
    return;
  }
  Settings after;
  CHECK(after.apply_toml(*edited, "config.toml").has_value());
  for (const Setting& setting : table()) {
    CHECK(after.at(setting.name) == (setting.name == name ? value : before.at(setting.name)));
  }
}

void literal_reads_back(const Setting& setting, const Value& value) {
  CHECK(check(setting, value).has_value());
  const auto dot = setting.name.find('.');
  const std::string text = "[" + std::string(setting.name.substr(0, dot)) + "]\n" +
                           std::string(setting.name.substr(dot + 1)) + " = " + toml_literal(value);
  const auto entries = read_toml(text, "config.toml");
  CHECK(entries && entries->size() == 1 && entries->front().name == setting.name);
  CHECK(entries->front().value == value);
}

void run_toml(std::string_view text) {
  const auto entries = read_toml(text, "config.toml");
  Settings applied;
  const bool valid = applied.apply_toml(text, "config.toml").has_value();
  CHECK(entries.has_value() || !valid);
  if (!entries || !valid) return;
  edit(text, applied, kSwarmEnabled.name, true);
  for (const Setting& setting : table()) {
    literal_reads_back(setting, applied.at(setting.name));
    edit(text, applied, setting.name, applied.at(setting.name));
  }
}

// Nothing that is not in range comes in force, and what the environment says stays.
void run_environment(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> variables;
  while (!text.empty() && variables.size() < 64) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (const auto equals = line.find('='); equals != std::string_view::npos)
      variables.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  Settings applied;
  if (!applied.apply_environment(variables)) return;
  for (const Setting& setting : table()) {
    const Value value = applied.at(setting.name);
    literal_reads_back(setting, value);
    const From from = applied.from(setting.name);
    CHECK(to_string(from) == (from == From::environment ? "environment" : "default"));
    const auto set = applied.set(setting.name, setting.default_value);
    CHECK(set.has_value() == (from != From::environment));
    if (!set) CHECK(applied.at(setting.name) == value);
  }
}

}  // namespace
}  // namespace archy::settings

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = archy::as_text({data, size});
  archy::settings::run_toml(text);
  archy::settings::run_environment(text);
  return 0;
}
