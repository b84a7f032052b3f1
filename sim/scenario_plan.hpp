// What a seed decides before a scenario begins: who is there, who lies, what breaks and when.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/disk_files.hpp"
#include "sim/evil_peer.hpp"
#include "sim/network.hpp"
#include "sim/origin.hpp"

namespace archy::sim {

enum class OriginKind : unsigned char {
  absent,
  honest,  // its content is true; in the chaos it may be down, slow, missing or cut off
  liar,    // its content is wrong, for ever
};

struct PlannedBlob {
  std::uint64_t size = 0;
  enum class How : unsigned char { bytes, copy, in_place } how = How::bytes;
  OriginMood origin_mood = OriginMood::honest;
  std::uint64_t origin_at = 0;
  enum class Sidecar : unsigned char { none, honest, wrong } sidecar = Sidecar::none;
  rt::Duration start{};  // when node 0 begins to import it
};

// A node that wants a blob, and whom it asks.
struct PlannedFetch {
  std::size_t node = 0;
  std::size_t blob = 0;
  std::vector<std::size_t> peers;  // honest nodes by index, evil ones after them
  bool origin = false;
  bool offers = false;  // serves what it holds meanwhile
  rt::Duration start{};
};

struct PlannedEvent {
  enum class Kind : unsigned char {
    power_cut,
    power_cut_in_call,
    cut_link,
    heal_links,
    rebind_ports,
    clock_jump,
    disk_errors,
    disk_full,
    disk_well,
    bit_flip,
    origin_down,
    origin_up,
    kCount,
  };
  rt::Duration at{};
  Kind kind{};
  std::size_t node = 0;
  std::size_t other = 0;
  std::uint64_t number = 0;
};

struct ScenarioPlan {
  explicit ScenarioPlan(std::uint64_t seed);

  std::size_t nodes = 2;  // honest ones; node 0 has the content
  std::vector<PeerMood> evil;
  OriginKind origin = OriginKind::absent;
  std::vector<PlannedBlob> blobs;
  std::vector<PlannedFetch> fetches;
  bool quiet_network = false;
  Link chaos_link;
  Link calm_link;
  std::uint64_t blocked_ppm = 0;
  rt::Duration chaos{};
  std::vector<PlannedEvent> events;
};

}  // namespace archy::sim
