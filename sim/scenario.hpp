// One seed's story: nodes, an origin and attackers, a time of chaos, then calm; judged all along.
//
// Invariants:
//  B1 Whatever leaves a store - an export, an answer - is the truth or nothing.
//  B2 A row never claims bytes that are not there and do not hash, after any power cut; what was
//     acknowledged stays.
//  B3 A size is called verified only when it is the true one.
//  L1 In calm, with an honest origin (or an honest, undamaged peer that was asked), every fetch
//     ends verified in bounded time.
//  L2 Nothing gets stuck: at every moment something is due, or all is done.
//  H1 Nobody honest is called a liar; a liar is not asked again within a fetch.
//  R1 Connection tables stay within their caps.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/outcome.hpp"

namespace archy::sim {

struct ScenarioOptions {
  std::function<void(const std::string&)> sink = {};  // gets every event as a line
  // After failed disk calls only the program is restarted, not the machine: the page cache still
  // shows what a failed fsync gave up. Without it the machine is rebooted, as B9 assumes.
  bool harsh = false;
};

// Runs the scenario of `seed`. Call it in a process of its own: it seeds the system's randomness,
// and a run that got stuck is abandoned as it stands.
void run_scenario(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options);

}  // namespace archy::sim
