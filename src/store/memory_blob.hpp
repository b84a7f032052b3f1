// One blob of a MemoryStore with its reader and writer. Private to MemoryStore.
#pragma once

#include <map>
#include <mutex>

#include "store/blob_store.hpp"

namespace archy::store {

// Thread: any, fields under `mutex`. Lifetime: shared by store, readers and writer.
struct MemoryBlob {
  std::mutex mutex;
  Blake3Hash hash;
  std::optional<std::uint64_t> size;
  bool size_verified = false;
  bool complete = false;
  bool removed = false;
  bool has_writer = false;
  std::optional<Sha256Digest> sha256;
  std::int64_t added_ms = 0;
  Bytes data;
  std::map<std::uint64_t, bao::Pair> pairs;  // what is held of the outboard
  bao::ChunkRanges have;                     // partial only
};

std::shared_ptr<MemoryBlob> make_memory_blob(ByteView bytes, std::int64_t now_ms);
std::unique_ptr<BlobReader> make_memory_reader(std::shared_ptr<MemoryBlob> blob);
// Requires: blob->has_writer was false and is true now.
std::shared_ptr<PartialBlob> make_memory_partial(std::shared_ptr<MemoryBlob> blob);
// Which of the groups held do not hash.
bao::ChunkRanges damaged_groups(MemoryBlob& blob);

}  // namespace archy::store
