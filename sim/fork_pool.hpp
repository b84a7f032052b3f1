// Runs jobs in forked processes, so many at a time: a crash, a hang or a leak of one run is that
// run's verdict and nothing else's, and every run starts from the same process state.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/outcome.hpp"

namespace archy::sim {

struct PoolOptions {
  unsigned processes = 2;
  unsigned timeout_s = 120;  // real time of one job
  bool show_stderr = false;  // else kept, and its last line told when the job dies
};

// job(index, outcome) runs in a child for each index of [0, count). done(index, outcome) runs here
// as each ends; false from it stops starting more. Outcomes of children that died say so in their
// message.
void run_forked(std::uint64_t count, const PoolOptions& options,
                const std::function<void(std::uint64_t, Outcome&)>& job,
                const std::function<bool(std::uint64_t, const Outcome&)>& done);

}  // namespace archy::sim
