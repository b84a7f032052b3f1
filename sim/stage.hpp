// The cast of one scenario: what a seed planned, made real, and what was promised so far. Says
// nothing about what happens when: scenario.hpp tells the story, mishaps.hpp breaks things,
// judge.hpp judges.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/node.hpp"
#include "sim/outcome.hpp"
#include "sim/scenario_plan.hpp"
#include "sim/store_oracle.hpp"
#include "sim/world.hpp"

namespace archy::sim {

struct EvilMachine {
  EvilMachine(World& world, std::uint64_t index, PeerMood mood);
  Machine machine;
  rt::Env env;
  EvilPeer peer;
  fetch::PeerAddress address;
};

// Declaration order is construction order. Lifetime: outlives every coroutine of the scenario.
struct Stage {
  // Plans; nobody is there before set_up().
  Stage(std::uint64_t seed, Outcome& outcome);

  // Content on node 0's disk and at the origin, every node booted, every attacker listening.
  void set_up();

  // Notes a violation of the scenario's invariants, in the log and in the outcome.
  void wrong(const std::string& what);
  // An honest source was asked that cannot be spoilt for good: in calm the fetch has to end well.
  bool must_succeed(const PlannedFetch& fetch) const;
  // By peer of the fetch: how often it lied to this node about this blob.
  std::vector<std::uint64_t> lies(const PlannedFetch& fetch) const;
  std::string url(std::size_t blob) const { return "http://origin.test/" + std::to_string(blob); }
  rt::Path user_file(std::size_t blob) const { return "/n0/user/" + std::to_string(blob); }

  ScenarioPlan plan;
  World world;
  Outcome& out;
  std::vector<std::unique_ptr<Truth>> truths;  // by blob
  Truths by_hash;
  std::vector<std::unique_ptr<SimNode>> nodes;
  std::vector<std::unique_ptr<EvilMachine>> evil;
  std::vector<std::set<std::size_t>> acknowledged;  // by node: blobs it was told are safe
  std::vector<bool> restarting;                     // by node
  std::vector<bool> ailing;                         // by node: had failing disk calls
  std::size_t pursuits = 0;                         // fetches not given up
  std::size_t imports = 0;
  bool calm = false;
  rt::Instant calm_since{};
  bool over = false;  // nothing new is begun

 private:
  void place_content();
  void boot_nodes();
  void start_attackers();
};

}  // namespace archy::sim
