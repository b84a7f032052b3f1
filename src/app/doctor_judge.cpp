// doctor: what a fact means. Pure.
#include <fmt/core.h>

#include <algorithm>

#include "app/doctor.hpp"
#include "rt/address_class.hpp"

namespace archy::app {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20;
constexpr std::uint64_t kGiB = 1ull << 30;
// Fetches and imports fail soon below this.
constexpr std::uint64_t kSpaceTooLittle = 64 * kMiB;
constexpr std::uint64_t kFilesTooFew = 1000;
// 2026-01-01: no clock of a machine that runs this program is right before.
constexpr std::int64_t kProgramMade = 1'767'225'600;
constexpr std::int64_t kDay = 86'400;
// Connections of peers share one socket a port; the rest are 2 x 64 HTTP connections, 64 fetches
// with a file or two each, and what the libraries hold.
constexpr rlim_t kDescriptorsWanted = 1024;
constexpr rlim_t kDescriptorsNeeded = 256;

std::string size_text(std::uint64_t bytes) {
  if (bytes < kGiB) return fmt::format("{} MiB", bytes / kMiB);
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(kGiB));
}

}  // namespace

std::string_view to_string(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::warning:
      return "warning";
    case Health::failure:
      return "failure";
  }
  return "failure";
}

Finding judge_space(const Space& space) {
  const std::string text =
      fmt::format("{} free of {}", size_text(space.free_bytes), size_text(space.total_bytes));
  if (space.free_bytes < kSpaceTooLittle) return {"disk_space", Health::failure, text};
  // File systems that make files as they need them say 0 of 0 or nothing useful: no complaint.
  if (space.free_files != 0 && space.free_files < kFilesTooFew)
    return {"disk_space", Health::warning, fmt::format("room for {} files only", space.free_files)};
  const std::uint64_t low = std::max(2 * kGiB, space.total_bytes / 20);
  if (space.free_bytes < std::min(low, space.total_bytes / 2))
    return {"disk_space", Health::warning, text + ": little for a store"};
  return {"disk_space", Health::ok, text};
}

Finding judge_clock(const ClockFacts& facts) {
  if (facts.unix_s < kProgramMade) {
    return {"clock", Health::failure,
            "the clock is before this program was made: TLS and tokens will not work"};
  }
  if (facts.newest_file_s > facts.unix_s + kDay) {
    return {"clock", Health::warning,
            fmt::format("files of the node are from {} days ahead: the clock went back",
                        (facts.newest_file_s - facts.unix_s) / kDay)};
  }
  if (!facts.synchronized)
    return {"clock", Health::warning, "plausible, but nothing keeps it right (no time service)"};
  return {"clock", Health::ok, "plausible and kept right by a time service"};
}

Finding judge_descriptors(rlim_t soft) {
  if (soft == RLIM_INFINITY) return {"open_files", Health::ok, "no limit"};
  const std::string text = fmt::format("{} may be open at once", soft);
  if (soft < kDescriptorsNeeded)
    return {"open_files", Health::failure,
            fmt::format("{}, {} are needed", text, kDescriptorsNeeded)};
  if (soft < kDescriptorsWanted)
    return {"open_files", Health::warning,
            fmt::format("{}, {} would do", text, kDescriptorsWanted)};
  return {"open_files", Health::ok, text};
}

Finding judge_reach(bool enabled, const std::vector<rt::Address>& told) {
  if (!enabled) return {"reach", Health::ok, "the swarm is off (swarm.enabled): no peer is served"};
  const auto loopback = [](const rt::Address& at) {
    return rt::classify(at) == rt::AddressClass::loopback;
  };
  std::string list;
  for (const rt::Address& at : told) list += (list.empty() ? "" : ", ") + rt::to_string(at);
  if (told.empty() || std::ranges::all_of(told, loopback)) {
    return {"reach", Health::warning,
            "tickets name this machine only" + (list.empty() ? list : ": " + list)};
  }
  if (std::ranges::all_of(told, rt::is_private)) {
    return {"reach", Health::warning,
            "tickets name private addresses only, so peers elsewhere need a port forwarded here: " +
                list};
  }
  return {"reach", Health::ok, "tickets name " + list};
}

}  // namespace archy::app
