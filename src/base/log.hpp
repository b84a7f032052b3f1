// The log: one line a message on standard error, level first. Never a secret (Secret<T> has no
// formatter), control characters escaped, so that nothing a peer sends can forge a line or drive a
// terminal.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace archy::log {

// json: one object a line, {"ts_ms":...,"level":...,"module":...,"message":...}.
enum class Format : unsigned char { text, json };
void set_format(Format format);
// Units: bytes. What is longer is cut off, so that nobody fills the disk with one line.
inline constexpr std::size_t kLineBytes = 4096;

enum class Level : unsigned char { error, warn, info, debug, trace };

void set_level(Level level);
Level level();
// Errors: none; an unknown name leaves the level as it is and returns false.
bool set_level(std::string_view name);
void write(Level level, std::string_view module, std::string_view message);
// Shape: the text with control characters and invalid UTF-8 as \xNN.
std::string escaped(std::string_view text);

template <class... Args>
void at(Level at_level, std::string_view module, fmt::format_string<Args...> format,
        Args&&... args) {
  if (at_level > level()) return;
  write(at_level, module, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view module, fmt::format_string<Args...> f, Args&&... a) {
  at(Level::error, module, f, std::forward<Args>(a)...);
}
template <class... Args>
void warn(std::string_view module, fmt::format_string<Args...> f, Args&&... a) {
  at(Level::warn, module, f, std::forward<Args>(a)...);
}
template <class... Args>
void info(std::string_view module, fmt::format_string<Args...> f, Args&&... a) {
  at(Level::info, module, f, std::forward<Args>(a)...);
}
template <class... Args>
void debug(std::string_view module, fmt::format_string<Args...> f, Args&&... a) {
  at(Level::debug, module, f, std::forward<Args>(a)...);
}

}  // namespace archy::log
