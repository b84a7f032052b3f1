#include "app/disk_room.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace archy::app {

Result<> room_for_fetch(const rt::DiskSpace& space, const settings::Settings& settings) {
  constexpr std::uint64_t kMib = 1u << 20;
  const auto percent = static_cast<std::uint64_t>(settings.get(settings::kFetchKeepFreePercent));
  const auto mib = static_cast<std::uint64_t>(settings.get(settings::kFetchKeepFreeMib));
  const std::uint64_t kept = std::max(space.total_bytes / 100 * percent, mib * kMib);
  if (space.free_bytes >= kept) return {};
  return fail(Code::no_space,
              fmt::format("{} MiB of the disk's {} MiB are free; no fetch is begun below {} MiB "
                          "(fetch.keep_free_percent, fetch.keep_free_mib)",
                          space.free_bytes / kMib, space.total_bytes / kMib, kept / kMib));
}

}  // namespace archy::app
