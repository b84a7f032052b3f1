#include "blobs/range_seq.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "base/limits.hpp"

namespace archy::blobs {
namespace {

const bao::ChunkRanges kNothing;

}  // namespace

ChunkRangesSeq ChunkRangesSeq::blob(bao::ChunkRanges ranges) { return finite({std::move(ranges)}); }

ChunkRangesSeq ChunkRangesSeq::all() { return from_entries({{0, bao::ChunkRanges::all()}}); }

ChunkRangesSeq ChunkRangesSeq::root_and_children(bao::ChunkRanges root, bao::ChunkRanges children) {
  return from_entries({{0, std::move(root)}, {1, std::move(children)}});
}

ChunkRangesSeq ChunkRangesSeq::finite(std::vector<bao::ChunkRanges> ranges) {
  std::vector<Entry> entries;
  entries.reserve(ranges.size() + 1);
  for (auto& set : ranges) entries.push_back({entries.size(), std::move(set)});
  entries.push_back({entries.size(), {}});
  return from_entries(std::move(entries));
}

ChunkRangesSeq ChunkRangesSeq::from_entries(std::vector<Entry> entries) {
  ChunkRangesSeq out;
  for (auto& entry : entries) {
    if (!out.entries_.empty() && out.entries_.back().offset == entry.offset)
      out.entries_.pop_back();
    const bao::ChunkRanges& before = out.entries_.empty() ? kNothing : out.entries_.back().ranges;
    if (!(entry.ranges == before)) out.entries_.push_back(std::move(entry));
  }
  return out;
}

bool ChunkRangesSeq::is_blob() const {
  return entries_.empty() || (entries_.size() == 2 && entries_[0].offset == 0 &&
                              entries_[1].offset == 1 && entries_[1].ranges.is_empty());
}

const bao::ChunkRanges& ChunkRangesSeq::at(std::uint64_t offset) const {
  auto after = std::ranges::upper_bound(entries_, offset, {}, &Entry::offset);
  return after == entries_.begin() ? kNothing : std::prev(after)->ranges;
}

std::optional<std::uint64_t> ChunkRangesSeq::next_wanted(std::uint64_t from) const {
  auto entry = std::ranges::upper_bound(entries_, from, {}, &Entry::offset);
  if (entry != entries_.begin() && !std::prev(entry)->ranges.is_empty()) return from;
  for (; entry != entries_.end(); ++entry) {
    if (!entry->ranges.is_empty()) return entry->offset;
  }
  return std::nullopt;
}

void write_ranges(wire::PostcardWriter& out, const bao::ChunkRanges& ranges) {
  out.number(ranges.boundaries().size());
  std::uint64_t previous = 0;
  for (std::uint64_t boundary : ranges.boundaries()) {
    out.number(boundary - previous);
    previous = boundary;
  }
}

Result<bao::ChunkRanges> read_ranges(wire::PostcardReader& in) {
  TRY(count, in.count(2 * limits::kRangeSpans, 1));
  std::vector<std::uint64_t> boundaries;
  boundaries.reserve(count);
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(step, in.u64());
    const auto next = checked_add(position, step);
    if (!next) return fail(Code::bad_input, "chunk range past 2^64");
    position = *next;
    // Two equal boundaries are no boundary: an empty span goes, adjacent spans become one.
    if (!boundaries.empty() && boundaries.back() == position) {
      boundaries.pop_back();
    } else {
      boundaries.push_back(position);
    }
  }
  return bao::ChunkRanges::from_boundaries(std::move(boundaries));
}

void write_range_seq(wire::PostcardWriter& out, const ChunkRangesSeq& seq) {
  out.number(seq.entries().size());
  std::uint64_t previous = 0;
  for (const auto& entry : seq.entries()) {
    out.number(entry.offset - previous);
    write_ranges(out, entry.ranges);
    previous = entry.offset;
  }
}

Result<ChunkRangesSeq> read_range_seq(wire::PostcardReader& in) {
  TRY(count, in.count(limits::kSeqEntries, 2));
  std::vector<ChunkRangesSeq::Entry> entries;
  entries.reserve(count);
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(step, in.u64());
    const auto next = checked_add(offset, step);
    if (!next) return fail(Code::bad_input, "sequence offset past 2^64");
    offset = *next;
    TRY(ranges, read_ranges(in));
    entries.push_back({offset, std::move(ranges)});
  }
  return ChunkRangesSeq::from_entries(std::move(entries));
}

}  // namespace archy::blobs
