#include "cli/output.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"

namespace archy::cli {
namespace {

void put(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fputc('\n', file);
  std::fflush(file);
}

std::string as_json(const std::vector<Field>& fields) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const Field& field : fields) {
    const std::string name(field.name);
    std::visit([&](const auto& value) { object[name] = value; }, field.value);
  }
  // A path need not be UTF-8; JSON must be.
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void Output::line(const std::vector<Field>& fields, std::string_view text) const {
  if (json_) {
    json_line(fields);
  } else {
    text_line(text);
  }
}

void Output::json_line(const std::vector<Field>& fields) const {
  if (json_) put(stdout, as_json(fields));
}

void Output::text_line(std::string_view text) const {
  if (!json_) put(stdout, text);
}

void Output::raw(std::string_view text) const { put(stdout, text); }

int Output::error(const Error& error) const {
  const std::string detail = escape_for_terminal(to_string(error));
  if (json_) {
    put(stderr, as_json({{"error", std::string(to_string(error.code))}, {"detail", detail}}));
  } else {
    put(stderr, fmt::format("archipelago: {}", detail));
  }
  return exit_code(error.code);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_seconds(std::uint64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{}:{:02} min", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02} h", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace archy::cli
