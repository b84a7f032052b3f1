// Every disk call of a workload fails once, one at a time (T-EIO): the program is told, tries again
// - after a reboot where it asks for one - and what it acknowledges in the end must survive a power
// cut.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/disk_files.hpp"
#include "sim/outcome.hpp"

namespace archy::sim {

struct ErrorCell {
  DiskCall kind{};
  std::uint64_t nth = 1;                              // which call of that kind fails
  std::uint64_t seed = 1;                             // decides what the power cut loses
  std::function<void(const std::string&)> sink = {};  // gets every event as a line
};

// False: the workload makes fewer calls of that kind. What is wrong goes into `outcome`.
bool run_error_cell(const ErrorCell& cell, Outcome& outcome);

}  // namespace archy::sim
