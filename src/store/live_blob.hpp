// What the open readers and the writer of one blob share: what is held, right now.
#pragma once

#include <mutex>
#include <optional>

#include "bao/chunk_ranges.hpp"
#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"

namespace archy::store {

// Thread: any; fields under `mutex` but for `hash`. Lifetime: shared by its users.
struct LiveBlob {
  explicit LiveBlob(const Blake3Hash& of) : hash(of) {}

  const Blake3Hash hash;
  std::mutex mutex;
  std::optional<std::uint64_t> size;
  bool size_verified = false;
  bool complete = false;
  bool removed = false;  // readers fail from now on
  bool has_writer = false;
  bool failed = false;  // an fsync failed: neither read nor written until the next start (B9)
  std::uint64_t generation =
      0;                  // grows when bytes held before are dropped: windows read earlier are void
  bao::ChunkRanges have;  // partial only
  Bytes small;            // all bytes of a blob that lives in memory and database
};

}  // namespace archy::store
