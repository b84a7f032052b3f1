// The documented exit codes (README, "Exit codes").
#pragma once

#include "base/result.hpp"

namespace archy::cli {

enum ExitCode : int {
  kOk = 0,
  kInternal = 1,      // a bug, or the system failed us (disk error, folder in use)
  kUsage = 2,         // usage or bad input
  kNotFound = 3,      // not found or unreachable
  kPrice = 4,         // price or cap refused
  kVerification = 5,  // bytes did not verify, or damage is left
  kNoSpace = 6,
  kInterrupted = 130,
};

int exit_code(Code code);

}  // namespace archy::cli
