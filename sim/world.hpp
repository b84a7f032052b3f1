// One simulated world: time, network, origin, log and counters, all from one seed.
#pragma once

#include <cstdint>
#include <memory>

#include "rt/env.hpp"
#include "sim/counters.hpp"
#include "sim/disk_files.hpp"
#include "sim/event_log.hpp"
#include "sim/network.hpp"
#include "sim/origin.hpp"
#include "sim/random.hpp"
#include "sim/sqlite_vfs.hpp"
#include "sim/virtual_time.hpp"

namespace archy::sim {

// Declaration order is construction order. Lifetime: outlives everything made on it.
struct World {
  explicit World(std::uint64_t from_seed) : seed(from_seed) {}

  std::uint64_t seed;
  SeededRandom random{seed};
  VirtualTime time;
  EventLog log;
  Counters counters;
  VirtualNetwork network{time, random.split("network"), log, counters};
  VirtualOrigin origin{log, counters};
};

// One machine: an address, a disk, a clock, randomness. It stays while the programs on it come and
// go. Lifetime: outlives what runs on it; the world outlives it.
struct Machine {
  Machine(World& in_world, std::uint64_t number)
      : world(in_world),
        index(number),
        root(rt::Path("/n" + std::to_string(number))),
        random(world.random.split("node" + std::to_string(number))),
        files(world.time, world.random.split("disk" + std::to_string(number)), world.log,
              world.counters, number),
        mount(root.string() + "/", files, world.seed + number) {}

  rt::Env env() { return {world.time.executor(), clock, random, files, *host}; }
  rt::Path data_dir() const { return root / "data"; }

  World& world;
  std::uint64_t index;
  rt::Path root;
  SeededRandom random;
  NodeClock clock{world.time};
  DiskFiles files;
  SqliteMount mount;
  std::unique_ptr<NetworkHost> host =
      world.network.add_host(rt::Address::v4(5, 0, 0, static_cast<std::uint8_t>(10 + index), 0));
};

}  // namespace archy::sim
