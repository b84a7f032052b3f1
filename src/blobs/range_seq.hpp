// Which chunks of which blob of a sequence a request asks for, and how both travel.
// Source: iroh-blobs 0.103 protocol/range_spec.rs (RangeSpec, ChunkRangesSeq).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bao/chunk_ranges.hpp"
#include "wire/postcard.hpp"

namespace archy::blobs {

// Ranges by offset: offset 0 is the hash itself, offset i + 1 the i-th hash inside it (in a
// GetMany: offset i is the i-th hash of the list). An entry holds until the next one, the last for
// ever; before the first: nothing. Invariants: (1) offsets strictly increase; (2) neighbours differ
// and the first is not empty, so equal sets have equal entries.
class ChunkRangesSeq {
 public:
  struct Entry {
    std::uint64_t offset = 0;
    bao::ChunkRanges ranges;
    bool operator==(const Entry&) const = default;
  };

  ChunkRangesSeq() = default;  // asks for nothing
  // One blob, no children.
  static ChunkRangesSeq blob(bao::ChunkRanges ranges);
  // The root and all its children, whole.
  static ChunkRangesSeq all();
  // All children of `first` and beyond get `children`.
  static ChunkRangesSeq root_and_children(bao::ChunkRanges root, bao::ChunkRanges children);
  // ranges[i] for offset i, nothing after them.
  static ChunkRangesSeq finite(std::vector<bao::ChunkRanges> ranges);
  // Any entries with offsets that do not fall; of two with one offset the later counts.
  static ChunkRangesSeq from_entries(std::vector<Entry> entries);

  bool is_empty() const { return entries_.empty(); }
  // Nothing but offset 0 is asked for.
  bool is_blob() const;
  const bao::ChunkRanges& at(std::uint64_t offset) const;
  // The first offset at or after `from` where something is asked for. None: nothing more, ever.
  std::optional<std::uint64_t> next_wanted(std::uint64_t from) const;
  const std::vector<Entry>& entries() const { return entries_; }
  bool operator==(const ChunkRangesSeq&) const = default;

 private:
  std::vector<Entry> entries_;
};

// RangeSpec: boundary count, first boundary, then differences.
void write_ranges(wire::PostcardWriter& out, const bao::ChunkRanges& ranges);
// Zero-width and adjacent spans are merged. Errors: bad_input (malformed, past 2^64, more than
// limits::kRangeSpans).
Result<bao::ChunkRanges> read_ranges(wire::PostcardReader& in);

void write_range_seq(wire::PostcardWriter& out, const ChunkRangesSeq& seq);
// Errors: bad_input (malformed, offsets past 2^64, more than limits::kSeqEntries).
Result<ChunkRangesSeq> read_range_seq(wire::PostcardReader& in);

}  // namespace archy::blobs
