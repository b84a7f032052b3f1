// What breaks in the time of chaos: networks, disks, clocks, the origin, the power.
#pragma once

#include <functional>

#include "sim/stage.hpp"

namespace archy::sim {

// Takes the power from a node, unless it is restarting already, and gives it back after `off`.
using PowerCut = std::function<void(std::size_t node, rt::Duration off)>;

// One planned event happens. `cut_power` is kept until the call of the disk it was planned for.
void happen(Stage& stage, const PlannedEvent& event, const PowerCut& cut_power);

// Network, disks and origin are well from now on (a lying origin still lies).
void end_mishaps(Stage& stage);

}  // namespace archy::sim
