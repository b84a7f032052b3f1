// A set of BLAKE3 chunk indices, kept as sorted boundaries: [a0,a1) [a2,a3) ...; an odd count
// leaves the last span open-ended. Invariants: (1) boundaries strictly increase; (2) so spans are
// disjoint and never adjacent. Source: iroh-blobs RangeSpec / bao-tree ChunkRanges.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "base/strong.hpp"

namespace archy::bao {

class ChunkRanges {
 public:
  struct Span {
    std::uint64_t start;
    std::optional<std::uint64_t> end;  // none: open-ended
    bool operator==(const Span&) const = default;
  };

  ChunkRanges() = default;  // empty
  static ChunkRanges all();
  static ChunkRanges from(ChunkIndex start);
  // Empty when end <= start.
  static ChunkRanges span(ChunkIndex start, ChunkIndex end);
  // The chunk that proves the size, whatever the size is: 2^64-1 and beyond.
  static ChunkRanges last_chunk();
  // Errors: bad_input unless strictly increasing.
  static Result<ChunkRanges> from_boundaries(std::vector<std::uint64_t> boundaries);
  // The chunks that bytes [start, end) touch: start rounded down, end rounded up.
  static ChunkRanges from_bytes(std::uint64_t start, std::uint64_t end);

  bool is_empty() const { return boundaries_.empty(); }
  bool is_all() const { return boundaries_.size() == 1 && boundaries_[0] == 0; }
  bool contains(ChunkIndex chunk) const;
  // Any / every chunk of [start, end).
  bool intersects(std::uint64_t start, std::uint64_t end) const;
  bool covers(std::uint64_t start, std::uint64_t end) const;
  // Chunks in the set below `end`.
  std::uint64_t count_below(std::uint64_t end) const;

  ChunkRanges operator|(const ChunkRanges& other) const;
  ChunkRanges operator&(const ChunkRanges& other) const;
  ChunkRanges operator-(const ChunkRanges& other) const;
  ChunkRanges operator^(const ChunkRanges& other) const;
  ChunkRanges& operator|=(const ChunkRanges& other);
  // Adds [start, end) in place, nothing when end <= start; amortised O(1) when spans arrive in
  // order.
  void add(std::uint64_t start, std::uint64_t end);
  bool operator==(const ChunkRanges&) const = default;

  std::span<const std::uint64_t> boundaries() const { return boundaries_; }
  std::vector<Span> spans() const;
  // Every span widened to whole 16 KiB groups.
  ChunkRanges rounded_to_groups() const;
  // Only whole groups that lie within the set, below `chunks` (the last, shorter group of a blob of
  // `chunks` counts as whole).
  ChunkRanges whole_groups(std::uint64_t chunks) const;
  // (this & [0, chunks)) plus the last chunk if anything at or beyond `chunks` is in the set: what
  // a provider sends.
  ChunkRanges effective(std::uint64_t chunks) const;

 private:
  std::vector<std::uint64_t> boundaries_;
};

}  // namespace archy::bao
