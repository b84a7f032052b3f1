// Whether the disk has room for another fetch: what a full disk would break is more than a
// download.
#pragma once

#include "base/result.hpp"
#include "rt/files.hpp"
#include "settings/settings.hpp"

namespace archy::app {

// Errors: no_space while less is free than fetch.keep_free_percent of the disk or
// fetch.keep_free_mib, whichever is more.
Result<> room_for_fetch(const rt::DiskSpace& space, const settings::Settings& settings);

}  // namespace archy::app
