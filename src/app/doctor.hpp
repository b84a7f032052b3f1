// Whether this machine suits a node: what an operator would otherwise find out one failure at a
// time. Looks; changes nothing but a file it makes and removes, and sends nothing off the machine.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rt/address.hpp"
#include "rt/files.hpp"
#include "settings/settings.hpp"

namespace archy::app {

enum class Health : unsigned char {
  ok,
  warning,  // works, but not as well as it could, or not for long
  failure,  // a node would not start, or would lose something
};
std::string_view to_string(Health health);

struct Finding {
  std::string_view check;  // snake_case
  Health health = Health::ok;
  std::string text;  // for people: what was found, and what to do about it
};

// What a running node says of itself (node.info, swarm.status).
struct NodeReport {
  std::string version;
  std::string control, content;  // addresses
  bool swarm_running = false;
  std::vector<rt::Address> swarm_addresses;  // as told to others
};

struct DoctorOptions {
  rt::Path data_dir;
  std::optional<rt::Path> config;  // --config
  // Asks a node over the socket; none when nobody answers.
  std::function<Result<std::optional<NodeReport>>()> ask_node;
};

// In a fixed order. Blocking, a second at most. Thread: any with no other Core open.
std::vector<Finding> examine(const DoctorOptions& options);

// The judgements alone. Pure.
struct Space {
  std::uint64_t free_bytes = 0;  // for us
  std::uint64_t total_bytes = 0;
  std::uint64_t free_files = 0;
};
Finding judge_space(const Space& space);
struct ClockFacts {
  std::int64_t unix_s = 0;
  std::int64_t newest_file_s = 0;  // of the data directory; 0: none
  bool synchronized = false;       // as the kernel believes
};
Finding judge_clock(const ClockFacts& facts);
Finding judge_descriptors(rlim_t soft);
Finding judge_reach(bool enabled, const std::vector<rt::Address>& told);

}  // namespace archy::app
