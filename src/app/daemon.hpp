// A node that stays: the control API, the fetches, and the swarm when the settings say so.
#pragma once

#include <functional>

#include "app/core.hpp"
#include "settings/config_file.hpp"

namespace archy::app {

// Where a running node is reached, as run/ports.json says it, too.
struct NodeAddresses {
  EndpointId endpoint_id;
  rt::Path socket;
  rt::Address control;             // loopback
  rt::Address content;             // loopback
  std::vector<rt::Address> swarm;  // empty: it does not run
};

// Order of start: swarm, socket, control port, content port, run/token, run/ports.json, `ready`. A
// stop (the first SIGINT or SIGTERM) goes the other way round: no new calls, running answers end
// within node.drain_ms, fetches are cancelled with what they hold kept, peers are told. The files
// in run/ go last. Errors: io (a port is taken), locked, denied, unsupported (the swarm, in a build
// without it). Lifetime: core and config outlive the coroutine.
rt::Task<> run_node(Core& core, settings::ConfigFile& config,
                    std::function<void(const NodeAddresses&)> ready);

}  // namespace archy::app
