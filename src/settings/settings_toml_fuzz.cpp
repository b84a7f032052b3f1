// Oracle: a text that is read is edited, or refused with words; an edited one says what was set and
// otherwise what it said before (edit_toml checks that itself, this checks that it can be trusted).
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "settings/settings.hpp"
#include "settings/toml_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const std::string_view text = as_text({data, size});
  auto entries = settings::read_toml(text, "config.toml");
  settings::Settings applied;
  const bool valid = applied.apply_toml(text, "config.toml").has_value();
  CHECK(entries.has_value() || !valid);
  if (!entries) return 0;
  auto edited = settings::edit_toml(text, settings::kSwarmEnabled.name, true);
  if (!edited || !valid) return 0;
  settings::Settings after;
  CHECK(after.apply_toml(*edited, "config.toml").has_value());
  CHECK(after.get(settings::kSwarmEnabled));
  for (const settings::Setting& setting : settings::table()) {
    if (setting.name == settings::kSwarmEnabled.name) continue;
    CHECK(after.at(setting.name) == applied.at(setting.name));
  }
  return 0;
}
