#include "base/log.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

#include "base/utf8.hpp"

namespace archy::log {
namespace {

std::atomic<Level> g_level{Level::warn};
std::atomic<Format> g_format{Format::text};
std::mutex g_mutex;

constexpr std::string_view kNames[] = {"error", "warn", "info", "debug", "trace"};

// What escaped() left is printable UTF-8: quotes and backslashes are all JSON still minds.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string json_line(std::string_view level, std::string_view module, std::string_view message) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{{\"ts_ms\":{},\"level\":{},\"module\":{},\"message\":{}}}\n",
                     std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                     json_string(level), json_string(module), json_string(message));
}

}  // namespace

void set_format(Format format) { g_format = format; }
void set_level(Level level) { g_level = level; }
Level level() { return g_level.load(std::memory_order_relaxed); }

bool set_level(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] != name) continue;
    g_level = static_cast<Level>(i);
    return true;
  }
  return false;
}

std::string escaped(std::string_view text) { return escape_for_terminal(text); }

void write(Level level, std::string_view module, std::string_view message) {
  const std::string_view name = kNames[static_cast<std::size_t>(level)];
  const std::string shown = escaped(message.substr(0, kLineBytes));
  const std::string line = g_format == Format::json
                               ? json_line(name, module, shown)
                               : fmt::format("{} {}: {}\n", name, module, shown);
  std::lock_guard lock(g_mutex);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace archy::log
