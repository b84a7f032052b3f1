// Geometry of the BLAKE3 tree of a blob: chunks, 16 KiB groups, and where each parent stands in a
// pre-order outboard. No bytes here, only numbers. Sizes are at most limits::kBlobBytes; whoever
// takes one from outside checks. Source: BLAKE3 specification 2.1; iroh-blobs'
// .obao4 layout.
#pragma once

#include <cstdint>

#include "crypto/blake3.hpp"

namespace archy::bao {

using crypto::kChunkBytes;
using crypto::kGroupBytes;
using crypto::kGroupChunks;
inline constexpr std::size_t kPairBytes = 64;

// A subtree: `chunks` chunks from `start`. Invariant: start is a multiple of bit_ceil(chunks).
struct Node {
  std::uint64_t start = 0;
  std::uint64_t chunks = 0;
  // Index of this node's pair in the pre-order outboard (counted in pairs). Meaningful above group
  // level only.
  std::uint64_t pair_index = 0;

  // Requires: chunks > 1. Chunks of the left child: the largest power of two below `chunks`.
  std::uint64_t left_chunks() const;
  Node left() const;
  Node right() const;
  // True when the outboard has a pair for it.
  bool is_above_group() const { return chunks > kGroupChunks; }
  std::uint64_t groups() const { return (chunks + kGroupChunks - 1) / kGroupChunks; }
  // Pairs of this node and everything below it; they stand at [pair_index, pair_index + pairs()).
  std::uint64_t pairs() const { return groups() - 1; }
  bool operator==(const Node&) const = default;
};

class Tree {
 public:
  explicit Tree(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const { return size_; }
  std::uint64_t chunks() const { return size_ <= kChunkBytes ? 1 : (size_ - 1) / kChunkBytes + 1; }
  std::uint64_t groups() const { return size_ <= kGroupBytes ? 1 : (size_ - 1) / kGroupBytes + 1; }
  std::uint64_t pairs() const { return groups() - 1; }
  std::uint64_t outboard_bytes() const { return pairs() * kPairBytes; }
  Node root() const { return {0, chunks(), 0}; }
  bool is_root(const Node& node) const { return node.chunks == chunks(); }
  // The largest node of at most `max_groups` groups that holds `group`. Requires: group < groups(),
  // max_groups is a power of two.
  Node node_at(std::uint64_t group, std::uint64_t max_groups) const;
  // Byte span of a node: [begin, end), the end cut at the size.
  std::uint64_t begin(const Node& node) const { return node.start * kChunkBytes; }
  std::uint64_t end(const Node& node) const {
    const std::uint64_t end = (node.start + node.chunks) * kChunkBytes;
    return end < size_ ? end : size_;
  }
  std::uint64_t bytes(const Node& node) const { return end(node) - begin(node); }

 private:
  std::uint64_t size_;
};

}  // namespace archy::bao
