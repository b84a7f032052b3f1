// Which groups of a blob's file are sound, by hashing them against the held inner hashes.
#pragma once

#include <functional>
#include <stop_token>

#include "bao/chunk_ranges.hpp"
#include "base/fixed_bytes.hpp"
#include "rt/files.hpp"

namespace archy::store {

struct HeldGroupsScan {
  Blake3Hash hash;
  std::uint64_t size = 0;
  rt::File* data = nullptr;
  rt::File* outboard = nullptr;  // null: none (a blob of one group has none)
  bao::ChunkRanges wanted;       // which chunks to look at; whole groups are read
  bool skip_holes = false;       // do not read what the file never had
  // Writes each good group again where it stands. After a failed sync the cache shows bytes that
  // the disk never took and calls them clean: only what is written again is part of the next sync
  // (B9).
  bool write_back = false;
  std::function<void(std::uint64_t bytes)> on_read;  // may be empty
  std::stop_token stop;
};

struct HeldGroups {
  bao::ChunkRanges good;  // whole groups within `wanted` that hash to what the root commits to
  bool size_verified = false;
  std::uint64_t read_bytes = 0;
};

// Holds 256 KiB. A group whose inner hashes are missing is not good. Errors: io, cancelled.
Result<HeldGroups> scan_held_groups(const HeldGroupsScan& scan);

}  // namespace archy::store
