// The outside world, chosen once in app (or by the simulator) and handed down.
#pragma once

#include "rt/clock.hpp"
#include "rt/datagram.hpp"
#include "rt/files.hpp"
#include "rt/random.hpp"
#include "rt/task.hpp"

namespace archy::rt {

// Lifetime: everything referenced outlives every module that was given an Env.
struct Env {
  Executor executor;
  Clock& clock;
  Random& random;
  Files& files;
  DatagramNetwork& network;
};

}  // namespace archy::rt
