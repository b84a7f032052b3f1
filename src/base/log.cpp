#include "base/log.hpp"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>

#include "base/utf8.hpp"

namespace archy::log {
namespace {

std::atomic<Level> g_level{Level::warn};
std::mutex g_mutex;

constexpr std::string_view kNames[] = {"error", "warn", "info", "debug", "trace"};

}  // namespace

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
  std::string line =
      fmt::format("{} {}: {}\n", kNames[static_cast<std::size_t>(level)], module, escaped(message));
  std::lock_guard lock(g_mutex);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace archy::log
