// Who is asked next: a pure function of what is known and the time, so that a table tests it and a
// scheduler can take its place.
//
// The rules, each with its reason:
//  1. Complete or stopped ends everything: nothing is worth another packet.
//  2. A source that lied, that has nothing or that failed too often in a row is left: it would only
//     cost time.
//  3. Turns go round: whoever had fewer turns comes first, then the order given (peers, then
//     origins), so the origin is reached after one turn of each peer, whatever they do.
//  4. A source in back-off is passed over while another is ready; only when all wait, we wait.
//  5. An origin without inner hashes gets them from a peer that has proved itself, one question
//     each, before its bytes go to quarantine: verified at once is better than verified at the end.
//     Where there is no such peer, quarantine is allowed from the start.
#pragma once

#include <cstddef>
#include <vector>

#include "fetch/back_off.hpp"
#include "fetch/source.hpp"
#include "rt/clock.hpp"

namespace archy::fetch {

struct SourceState {
  SourceKind kind = SourceKind::peer;
  bool left = false;
  unsigned turns = 0;
  unsigned failures = 0;  // in a row, without a byte of progress
  rt::Instant not_before{};
  bool gave_bytes = false;      // peers: verified ones
  bool skeleton_asked = false;  // peers
  bool needs_tree = false;      // origins: see Attempt::needs_tree
};

struct PlanState {
  bool complete = false;
  bool stopped = false;
  std::vector<SourceState> sources = {};
};

struct PlanLimits {
  unsigned max_failures = 4;  // in a row, a source
  unsigned max_turns = 64;    // in all, a source: ends what makes a little progress for ever
};

struct Action {
  enum class Kind : unsigned char {
    done,        // the blob is complete
    give_up,     // nobody is left, or we were asked to stop
    fetch,       // an attempt at `source`; quarantine not allowed yet
    quarantine,  // an attempt at origin `source`, quarantine allowed
    skeleton,    // ask peer `source` for one group per 1 MiB: the inner hashes come with it
    wait,        // everybody is in back-off until `until`
  };
  Kind kind = Kind::give_up;
  std::size_t source = 0;
  rt::Instant until{};
  bool operator==(const Action&) const = default;
};

Action plan_next(const PlanState& state, const PlanLimits& limits, rt::Instant now);

// What a finished attempt says about its source.
enum class Verdict : unsigned char {
  exhausted,     // gave all it has
  needs_tree,    // an origin's bytes cannot be verified yet
  retry,         // unreachable, timed_out, try_later
  leave,         // not_found, denied, ...: never the same answer twice
  lied,          // corrupt, peer_fault
  local_failure  // our own disk or store: the fetch is over
};
Verdict judge(const Result<>& outcome, const Attempt& attempt);

// Folds an attempt's end into the source's state. `progressed`: any byte came.
void note_attempt(SourceState& source, Verdict verdict, bool progressed, const BackOff& back_off,
                  rt::Instant now);

}  // namespace archy::fetch
