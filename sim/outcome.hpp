// What one run of a scenario came to, as plain data that fits into memory shared between processes.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/counters.hpp"

namespace archy::sim {

struct Outcome {
  bool finished = false;         // false: the process died
  std::uint64_t violations = 0;  // 0: passed
  std::uint64_t log_hash = 0;
  std::uint64_t events = 0;
  std::uint64_t steps = 0;
  std::int64_t virtual_ms = 0;
  std::uint64_t fetches = 0;
  std::uint64_t verified_bytes = 0;
  Counters counters;
  char message[1024] = {};  // the first violation

  void violated(std::string_view what);
};

}  // namespace archy::sim
