// One seed's crowd: a blob, an origin of known speed, and 10 to 50 machines that have the blob,
// parts of it, or only lies; machines come and go. The same fetch is timed alone with the origin
// and with all of them.
//
// Invariants, beside B1 and H1 of scenario.hpp:
//  W1 wall <= origin alone x 1.05 + 0.5 s, whoever else is there.
//  W2 Without the origin it ends well as long as one honest machine stays up.
//  W3 Who reads the end of a blob that is arriving gets it long before all of it is there.
//  W4 Who knows only a machine that is still fetching gets all of it, soon after that one has it.
#pragma once

#include <cstdint>

#include "sim/scenario.hpp"

namespace archy::sim {

// Runs the crowd of `seed`. Call it in a process of its own, as run_scenario().
void run_crowd(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options);

}  // namespace archy::sim
