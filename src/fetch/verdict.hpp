// What the end of an attempt says about its source.
#pragma once

#include "base/result.hpp"
#include "fetch/report.hpp"

namespace archy::fetch {

enum class Verdict : unsigned char {
  done,          // gave all it has of what it was asked for
  retry,         // unreachable, timed_out, try_later, cancelled
  leave,         // not_found, denied, ...: never another answer
  lied,          // corrupt, peer_fault
  local_failure  // our own disk or store: the fetch is over
};
Verdict judge(const Result<>& outcome);

// Which of many failures the caller of the fetch should act on.
Error nothing_worked(const FetchReport& report);

}  // namespace archy::fetch
