// A hash sequence: a blob whose bytes are 32-byte hashes back to back. Nothing on the wire marks
// one; only the request or the ticket says so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::blobs {

// A whole sequence in memory. Invariant: at most limits::kSeqChildren hashes.
class HashSeq {
 public:
  HashSeq() = default;
  explicit HashSeq(std::vector<Blake3Hash> hashes) : hashes_(std::move(hashes)) {}
  // Errors: bad_input (length not a multiple of 32, too many).
  static Result<HashSeq> parse(ByteView bytes);
  Bytes bytes() const;

  std::size_t size() const { return hashes_.size(); }
  const Blake3Hash& operator[](std::size_t i) const { return hashes_[i]; }
  const std::vector<Blake3Hash>& hashes() const { return hashes_; }
  bool operator==(const HashSeq&) const = default;

 private:
  std::vector<Blake3Hash> hashes_;
};

}  // namespace archy::blobs
