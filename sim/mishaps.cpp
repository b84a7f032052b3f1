#include "sim/mishaps.hpp"

namespace archy::sim {
namespace {

using std::chrono::milliseconds;

// In a blob file, chosen by `number`. What is flipped shows in what the store says from then on.
void flip_bit(Stage& stage, SimNode& node, std::uint64_t number) {
  Disk& disk = node.machine.files.disk();
  std::vector<InodeId> blobs;
  for (const auto& [path, inode] : disk.files()) {
    if (path.find("/blobs/") != std::string::npos && disk.size(inode) > 0) blobs.push_back(inode);
  }
  if (blobs.empty()) return;
  const InodeId victim = blobs[number % blobs.size()];
  disk.flip_bit(victim, stage.world.random.below(disk.size(victim) * 8));
  node.damaged = true;
  stage.world.counters.hit(Fault::disk_bit_flip);
}

}  // namespace

void happen(Stage& stage, const PlannedEvent& event, const PowerCut& cut_power) {
  using Kind = PlannedEvent::Kind;
  SimNode& node = *stage.nodes[event.node];
  const rt::Address other = event.other < stage.nodes.size()
                                ? stage.nodes[event.other]->machine.host->ip()
                                : stage.evil[event.other - stage.nodes.size()]->machine.host->ip();
  stage.world.log.add(
      stage.world.time.now(), "event",
      {static_cast<std::uint64_t>(event.kind), event.node, event.other, event.number});
  if (stage.plan.quiet_network &&
      (event.kind == Kind::cut_link || event.kind == Kind::rebind_ports))
    return;
  switch (event.kind) {
    case Kind::power_cut:
      cut_power(event.node, milliseconds(event.number * 10));
      break;
    case Kind::power_cut_in_call:
      node.machine.files.power_cut_at_call(event.number, [event, cut_power] {
        cut_power(event.node, milliseconds(event.number * 5));
      });
      break;
    case Kind::cut_link:
      stage.world.network.cut(node.machine.host->ip(), other);
      if (event.number % 2 == 0) stage.world.network.cut(other, node.machine.host->ip());
      break;
    case Kind::heal_links:
      stage.world.network.heal_all();
      break;
    case Kind::rebind_ports:
      node.machine.host->rebind_ports();
      break;
    case Kind::clock_jump:
      node.machine.clock.jump((event.number % 2 == 0 ? 1 : -1) *
                              static_cast<std::int64_t>(event.number) * 3'600'000);
      stage.world.counters.hit(Fault::clock_jump);
      break;
    case Kind::disk_errors: {
      DiskFaults faults;
      faults.read_error_ppm = event.number * 50;
      faults.write_error_ppm = event.number * 100;
      faults.sync_error_ppm = event.number * 300;
      faults.name_error_ppm = event.number * 100;
      node.machine.files.set_faults(faults);
      stage.ailing[event.node] = true;
      break;
    }
    case Kind::disk_full: {
      DiskFaults faults;
      faults.capacity = node.machine.files.disk().used_bytes() + event.number * 500;
      node.machine.files.set_faults(faults);
      break;
    }
    case Kind::disk_well:
      node.machine.files.set_faults({});
      break;
    case Kind::bit_flip:
      flip_bit(stage, node, event.number);
      break;
    case Kind::origin_down:
      stage.world.origin.set_up(false);
      break;
    case Kind::origin_up:
      stage.world.origin.set_up(true);
      break;
    case Kind::kCount:
      break;
  }
}

void end_mishaps(Stage& stage) {
  stage.world.network.set_default_link(stage.plan.calm_link);
  stage.world.network.calm();
  if (stage.plan.origin == OriginKind::honest) stage.world.origin.calm();
  stage.world.origin.set_up(true);
  for (auto& node : stage.nodes) {
    node->machine.files.set_faults({});
    node->machine.files.disarm_power_cut();
  }
}

}  // namespace archy::sim
