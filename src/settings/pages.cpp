#include "settings/pages.hpp"

#include <fmt/core.h>

#include "settings/table.hpp"
#include "settings/toml_text.hpp"

namespace archy::settings {
namespace {

constexpr std::size_t kColumns = 98;

// Words of `text` in lines of at most kColumns, each begun with `prefix`.
std::string wrapped(std::string_view text, std::string_view prefix) {
  std::string out;
  std::string line(prefix);
  while (!text.empty()) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (line.size() > prefix.size() && line.size() + 1 + word.size() > kColumns) {
      out += line + "\n";
      line = prefix;
    }
    if (line.size() > prefix.size()) line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  return out + line + "\n";
}

std::string_view module_of(const Setting& setting) {
  return setting.name.substr(0, setting.name.find('.'));
}

}  // namespace

std::string sample_toml() {
  std::string out =
      "# archipelago: every setting at its default. Take the # away in front of one to change "
      "it.\n";
  std::string_view module;
  for (const Setting& setting : table()) {
    if (module_of(setting) != module) {
      module = module_of(setting);
      out += fmt::format("\n[{}]\n", module);
    }
    out += wrapped(setting.help, "# ");
    out += fmt::format("# {}\n", range_text(setting));
    out += fmt::format("#{} = {}\n", setting.name.substr(module.size() + 1),
                       toml_literal(setting.default_value));
  }
  return out;
}

std::string help_text() {
  std::string out = "Settings (config.toml, or ARCHIPELAGO_MODULE_NAME in the environment):\n";
  for (const Setting& setting : table()) {
    out += fmt::format("  {} = {}  ({})\n", setting.name, toml_literal(setting.default_value),
                       range_text(setting));
    out += wrapped(setting.help, "      ");
  }
  return out;
}

std::string markdown_page() {
  std::string out =
      "# Settings\n"
      "<!-- Printed from src/settings/table.cpp; a test holds it to that. -->\n\n"
      "Read from `--config FILE`, else `config.toml` in the data directory, else\n"
      "`/etc/archipelago/config.toml`. `module.name` here is `name` below `[module]` there. An\n"
      "environment variable `ARCHIPELAGO_MODULE_NAME` overrides the file (lists with commas). An\n"
      "unknown name or a value out of range is an error, and the node does not start. Secrets are\n"
      "never settings: they are files in the data directory.\n\n"
      "`archipelago settings` prints the values in force and where each came from, `archipelago\n"
      "settings --sample` a file to start from. \"Live\" settings change without a restart "
      "through\n"
      "`settings.set`.\n\n"
      "| setting | default | wants | live | what it does |\n"
      "|---|---|---|---|---|\n";
  for (const Setting& setting : table()) {
    out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", setting.name,
                       toml_literal(setting.default_value), range_text(setting),
                       setting.live ? "yes" : "", setting.help);
  }
  return out;
}

}  // namespace archy::settings
