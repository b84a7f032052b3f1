// The documented exit codes (README, "Exit codes").
#pragma once

#include "base/result.hpp"

namespace archy::cli {

enum ExitCode : int {
  kOk = 0,
  kInternal = 1,      // a bug, or the system failed us (disk error, folder in use)
  kUsage = 2,         // usage or bad input
  kNotFound = 3,      // not found or unreachable
  kPrice = 4,         // refused by a price, a cap, a fee limit or missing trust
  kVerification = 5,  // bytes did not verify, or damage is left
  kNoSpace = 6,
  kInsufficient = 7,    // not enough ecash
  kMoneyAttention = 8,  // money is in an operation that is not decided
  kInterrupted = 130,
};

int exit_code(Code code);

}  // namespace archy::cli
