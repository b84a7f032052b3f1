// CHECK: our own mistakes. Always on, in every build. Input from outside never reaches one.
#pragma once

namespace archy {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace archy

#define CHECK(...)                                             \
  do {                                                         \
    if (!(__VA_ARGS__)) [[unlikely]]                           \
      ::archy::check_failed(#__VA_ARGS__, __FILE__, __LINE__); \
  } while (false)
