// One seed's story: nodes, an origin and attackers, a time of chaos, then calm; judged all along.
//
// Invariants:
//  B1 whatever leaves a store - an export, an answer - is the truth or nothing.
//  B2 a row never claims bytes that are not there and do not hash, after any power cut; what was
//  acknowledged stays. B3 a size is called verified only when it is the true one. L1 in calm, with
//  an honest origin (or an honest, undamaged peer that was asked), every fetch ends verified in
//  bounded time. L2 nothing gets stuck: at every moment something is due, or all is done. H1 nobody
//  honest is called a liar; a liar is not asked again within a fetch. R1 connection tables stay
//  within their caps.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/outcome.hpp"

namespace archy::sim {

// Runs the scenario of `seed`. Call it in a process of its own: it seeds the system's randomness,
// and a run that got stuck is abandoned as it stands. `sink`: gets every event as a line (may be
// empty).
void run_scenario(std::uint64_t seed, Outcome& outcome,
                  std::function<void(const std::string&)> sink);

}  // namespace archy::sim
