// The child hashes of a hash sequence, read from the store one group at a time and verified against
// the root, so a large sequence takes 16 KiB of memory.
#pragma once

#include <memory>
#include <optional>

#include "base/fixed_bytes.hpp"
#include "store/blob_store.hpp"

namespace archy::blobs {

class SequenceReader {
 public:
  // Errors: not_found (not complete), bad_input (length not a multiple of 32, above
  // limits::kSeqChildren).
  static Result<SequenceReader> open(std::unique_ptr<store::BlobReader> root);
  std::uint64_t size() const { return root_->size() / 32; }
  // Requires: i < size(). Errors: corrupt, io.
  Result<Blake3Hash> at(std::uint64_t i);

 private:
  explicit SequenceReader(std::unique_ptr<store::BlobReader> root) : root_(std::move(root)) {}
  std::unique_ptr<store::BlobReader> root_;
  std::optional<std::uint64_t> group_;  // the one in memory
  Bytes encoded_;                       // its encoding; the group's bytes are the tail
};

}  // namespace archy::blobs
