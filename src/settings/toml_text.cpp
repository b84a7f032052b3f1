// The one file that sees toml++. It throws; nothing of that leaves this file.
#include "settings/toml_text.hpp"

#include <fmt/core.h>

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/utf8.hpp"

namespace archy::settings {
namespace {

std::unexpected<Error> refuse(std::string_view shown_as, std::size_t line, std::string_view what) {
  return fail(Code::bad_input, fmt::format("{}:{}: {}", shown_as, line, what));
}

Result<toml::table> parse(std::string_view text, std::string_view shown_as) {
  if (text.size() > kTomlBytes) return refuse(shown_as, 1, "too long for a configuration");
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return refuse(shown_as, error.source().begin.line,
                  escape_for_terminal(std::string_view(error.description())));
  }
}

Result<Value> value_of(const toml::node& node, std::string_view shown_as, std::size_t line) {
  if (const auto* boolean = node.as_boolean()) return Value(boolean->get());
  if (const auto* number = node.as_integer()) return Value(number->get());
  if (const auto* text = node.as_string()) return Value(text->get());
  if (const auto* array = node.as_array()) {
    std::vector<std::string> words;
    for (const toml::node& element : *array) {
      const auto* word = element.as_string();
      if (!word) return refuse(shown_as, line, "a list may hold text only");
      words.push_back(word->get());
    }
    return Value(std::move(words));
  }
  return refuse(shown_as, line, "settings are true or false, whole numbers, text or lists of text");
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Byte offset of a place in the text. toml++ counts lines and columns from 1; columns in code
// points.
std::size_t offset_of(std::string_view text, toml::source_position place) {
  std::size_t at = 0;
  for (toml::source_index line = 1; line < place.line; ++line) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  for (toml::source_index column = 1; column < place.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

bool same(const std::vector<TomlEntry>& a, const std::vector<TomlEntry>& b) {
  auto known = [](const std::vector<TomlEntry>& all, const TomlEntry& one) {
    for (const TomlEntry& other : all) {
      if (other.name == one.name) return other.value == one.value;
    }
    return false;
  };
  if (a.size() != b.size()) return false;
  for (const TomlEntry& entry : a) {
    if (!known(b, entry)) return false;
  }
  return true;
}

// Where and what to write; the caller checks that it reads back as meant.
std::string placed(const toml::table& root, std::string_view text, std::string_view module,
                   std::string_view key, const std::string& literal) {
  std::string out(text);
  const toml::node* section = root.get(module);
  const toml::table* entries = section ? section->as_table() : nullptr;
  if (entries) {
    if (const toml::node* there = entries->get(key)) {
      const std::size_t begin = offset_of(text, there->source().begin);
      const std::size_t end = offset_of(text, there->source().end);
      return out.replace(begin, end - begin, literal);
    }
    // Below the header's line.
    const std::size_t begin = offset_of(text, section->source().begin);
    const auto line_end = text.find('\n', begin);
    const std::string line = fmt::format("{} = {}\n", key, literal);
    if (line_end != std::string_view::npos) return out.insert(line_end + 1, line);
    return out + "\n" + line;
  }
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  return out + fmt::format("{}[{}]\n{} = {}\n", out.empty() ? "" : "\n", module, key, literal);
}

}  // namespace

Result<std::vector<TomlEntry>> read_toml(std::string_view text, std::string_view shown_as) {
  TRY(root, parse(text, shown_as));
  std::vector<TomlEntry> out;
  for (const auto& [module, section] : root) {
    const std::string module_name(module.str());
    const auto* entries = section.as_table();
    const std::size_t at = section.source().begin.line;
    if (!entries) {
      TRY(value, value_of(section, shown_as, at));
      out.push_back({module_name, std::move(value), at});
      continue;
    }
    for (const auto& [key, node] : *entries) {
      const std::size_t line = node.source().begin.line;
      const std::string name = module_name + "." + std::string(key.str());
      if (node.is_table()) {
        TRY_OK(require(name));
        return refuse(shown_as, line, name + " is a setting, not a section");
      }
      TRY(value, value_of(node, shown_as, line));
      out.push_back({name, std::move(value), line});
    }
  }
  return out;
}

std::string toml_literal(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  std::string out = "[";
  for (const std::string& word : std::get<std::vector<std::string>>(value)) {
    if (out.size() > 1) out += ", ";
    out += quoted(word);
  }
  return out + "]";
}

Result<std::string> edit_toml(std::string_view text, std::string_view name, const Value& value) {
  TRY(setting, require(name));
  TRY_OK(check(*setting, value));
  TRY(root, parse(text, "config.toml"));
  TRY(before, read_toml(text, "config.toml"));
  const auto dot = name.find('.');
  const std::string literal = toml_literal(value);
  std::string edited = placed(root, text, name.substr(0, dot), name.substr(dot + 1), literal);

  std::vector<TomlEntry> meant = std::move(before);
  std::erase_if(meant, [&](const TomlEntry& entry) { return entry.name == name; });
  meant.push_back({std::string(name), value, 0});
  auto after = read_toml(edited, "config.toml");
  if (!after || !same(meant, *after)) {
    return fail(Code::bad_input,
                fmt::format("config.toml is written so that {} = {} cannot be placed in it; "
                            "write it there yourself",
                            name, literal));
  }
  return edited;
}

}  // namespace archy::settings
