#include "sim/scenario_plan.hpp"

#include <algorithm>

namespace archy::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::uint64_t draw_size(SeededRandom& random) {
  static constexpr std::uint64_t kEdges[] = {0,     1,     1023,  1024,  1025,   16383, 16384,
                                             16385, 32768, 32769, 65536, 131072, 262145};
  const std::uint64_t kind = random.below(100);
  if (kind < 25) return kEdges[random.below(std::size(kEdges))];
  if (kind < 60) return random.between(17'000, 120'000);
  if (kind < 95) return random.between(120'000, 400'000);
  return random.between(1'000'000, 2'200'000);
}

Link draw_chaos_link(SeededRandom& random) {
  Link link;
  link.loss_ppm = random.chance(700'000) ? random.between(0, 50'000) : random.between(0, 300'000);
  link.duplicate_ppm = random.chance(500'000) ? random.between(0, 500'000) : 0;
  link.corrupt_ppm = random.chance(500'000) ? random.between(0, 50'000) : 0;
  link.reorder_ppm = random.chance(500'000) ? random.between(0, 300'000) : 0;
  link.reorder_by = milliseconds(random.between(1, 200));
  link.delay = random.chance(900'000) ? microseconds(random.between(100, 150'000))
                                      : microseconds(random.between(150'000, 2'000'000));
  link.jitter = microseconds(random.between(0, 30'000));
  if (random.chance(400'000)) {
    link.bytes_per_s = random.between(20'000, 1'000'000);
    link.queue_bytes = random.between(5'000, 60'000);
  }
  return link;
}

OriginMood draw_mood(SeededRandom& random, OriginKind kind) {
  static constexpr OriginMood kFlaky[] = {OriginMood::honest,   OriginMood::truncated,
                                          OriginMood::stalls,   OriginMood::error_status,
                                          OriginMood::missing,  OriginMood::ignores_range,
                                          OriginMood::truncated};
  static constexpr OriginMood kLies[] = {OriginMood::wrong_bytes, OriginMood::longer,
                                         OriginMood::shorter, OriginMood::encoded};
  if (kind == OriginKind::liar) return kLies[random.below(std::size(kLies))];
  return kFlaky[random.below(std::size(kFlaky))];
}

PlannedEvent draw_event(SeededRandom& random, const ScenarioPlan& plan) {
  using Kind = PlannedEvent::Kind;
  static constexpr Kind kKinds[] = {
      Kind::power_cut,   Kind::power_cut_in_call, Kind::power_cut_in_call, Kind::power_cut_in_call,
      Kind::cut_link,    Kind::cut_link,          Kind::heal_links,        Kind::rebind_ports,
      Kind::clock_jump,  Kind::disk_errors,       Kind::disk_full,         Kind::disk_well,
      Kind::origin_down, Kind::origin_up};
  PlannedEvent event;
  // Most of it early, while things move.
  const auto span = static_cast<std::uint64_t>(plan.chaos.count());
  const std::uint64_t early = std::min<std::uint64_t>(span, 4'000'000'000);
  event.at = rt::Duration(random.below(random.chance(800'000) ? early : span));
  event.kind = kKinds[random.below(std::size(kKinds))];
  if (random.chance(20'000)) event.kind = Kind::bit_flip;
  event.node = random.below(plan.nodes);
  event.other = random.below(plan.nodes + plan.evil.size());
  event.number = random.chance(500'000) ? random.between(1, 60) : random.between(1, 600);
  return event;
}

}  // namespace

ScenarioPlan::ScenarioPlan(std::uint64_t seed) {
  SeededRandom random = SeededRandom(seed).split("plan");
  nodes = random.between(2, 4);
  const std::size_t most_evil = 6 - nodes;
  for (std::size_t n =
           random.chance(600'000) ? random.between(1, std::min<std::size_t>(3, most_evil)) : 0;
       n > 0; --n) {
    evil.push_back(
        static_cast<PeerMood>(random.below(static_cast<std::uint64_t>(PeerMood::kCount))));
  }
  const std::uint64_t kind = random.below(100);
  origin = kind < 30 ? OriginKind::absent : kind < 75 ? OriginKind::honest : OriginKind::liar;
  for (std::size_t n = random.between(1, 3); n > 0; --n) {
    PlannedBlob blob;
    blob.size = draw_size(random);
    blob.how = static_cast<PlannedBlob::How>(random.below(3));
    blob.origin_mood = draw_mood(random, origin);
    blob.origin_at =
        blob.origin_mood == OriginMood::error_status ? random.between(0, 3)
        : blob.origin_mood == OriginMood::longer || blob.origin_mood == OriginMood::shorter
            ? random.between(1, 20'000)
            : random.below(blob.size + 1);
    blob.sidecar = static_cast<PlannedBlob::Sidecar>(random.below(3));
    blob.start = random.chance(500'000) ? milliseconds(0) : milliseconds(random.between(0, 2'500));
    blobs.push_back(blob);
  }
  quiet_network = random.chance(350'000);
  calm_link.delay = microseconds(random.between(200, 40'000));
  chaos_link = quiet_network ? calm_link : draw_chaos_link(random);
  blocked_ppm = quiet_network ? 0 : random.between(0, 20'000);
  chaos = milliseconds(random.between(2'000, 60'000));

  for (std::size_t node = 1; node < nodes; ++node) {
    for (std::size_t blob = 0; blob < blobs.size(); ++blob) {
      if (random.chance(150'000)) continue;
      PlannedFetch fetch;
      fetch.node = node;
      fetch.blob = blob;
      fetch.origin = origin != OriginKind::absent;
      if (origin != OriginKind::honest || random.chance(700'000)) fetch.peers.push_back(0);
      for (std::size_t other = 1; other < nodes; ++other) {
        if (other != node && random.chance(400'000)) fetch.peers.push_back(other);
      }
      for (std::size_t i = 0; i < evil.size(); ++i) {
        if (random.chance(900'000)) fetch.peers.push_back(nodes + i);
      }
      for (std::size_t i = fetch.peers.size(); i > 1; --i) {
        std::swap(fetch.peers[i - 1], fetch.peers[random.below(i)]);
      }
      fetch.offers = random.chance(500'000);
      fetch.start = milliseconds(random.between(0, 3'000));
      fetches.push_back(fetch);
    }
  }
  for (std::size_t n = random.below(13); n > 0; --n) events.push_back(draw_event(random, *this));
}

}  // namespace archy::sim
