// Sets of 16 KiB groups, by index. A bao::ChunkRanges whose positions are groups, with the few
// walks a scheduler needs. All sets are finite: a blob of unknown size has kNoEnd groups.
#pragma once

#include <optional>

#include "bao/chunk_ranges.hpp"
#include "bao/tree.hpp"

namespace archy::fetch {

using GroupSet = bao::ChunkRanges;

// More than any blob has (limits::kBlobBytes).
inline constexpr std::uint64_t kNoEnd = std::uint64_t{1} << 40;

// Groups [begin, end).
struct GroupSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const GroupSpan&) const = default;
};

inline GroupSet group_set(GroupSpan span) {
  return GroupSet::span(ChunkIndex(span.begin), ChunkIndex(span.end));
}
inline GroupSet within(const GroupSet& set, GroupSpan span) { return set & group_set(span); }
inline std::uint64_t count(const GroupSet& set) { return set.count_below(kNoEnd); }

// The first group at or behind `from`.
inline std::optional<std::uint64_t> first_from(const GroupSet& set, std::uint64_t from) {
  const auto edges = set.boundaries();
  for (std::size_t i = 0; i + 1 < edges.size(); i += 2) {
    if (edges[i + 1] > from) return edges[i] > from ? edges[i] : from;
  }
  return std::nullopt;
}

// One behind the n-th group (from 1) of the set, or behind its last. Requires: not empty, n > 0.
inline std::uint64_t end_of_first(const GroupSet& set, std::uint64_t n) {
  const auto edges = set.boundaries();
  for (std::size_t i = 0; i + 1 < edges.size(); i += 2) {
    const auto length = edges[i + 1] - edges[i];
    if (n <= length) return edges[i] + n;
    n -= length;
  }
  return edges.back();
}

// The n-th group (from 1) counted from the end, or the first. Requires: not empty, n > 0.
inline std::uint64_t begin_of_last(const GroupSet& set, std::uint64_t n) {
  const auto edges = set.boundaries();
  for (std::size_t i = edges.size(); i >= 2; i -= 2) {
    const auto length = edges[i - 1] - edges[i - 2];
    if (n <= length) return edges[i - 1] - n;
    n -= length;
  }
  return edges.front();
}

// The groups of `set` from its first on, up to the first of `fence`. Requires: not empty.
inline GroupSet first_run(const GroupSet& set, const GroupSet& fence) {
  return within(set, {0, first_from(fence, set.boundaries().front()).value_or(kNoEnd)});
}

// The groups of `set` behind the last one of `fence` that lies before its end. Requires: not empty.
inline GroupSet last_run(const GroupSet& set, const GroupSet& fence) {
  const auto before = within(fence, {0, set.boundaries().back()});
  if (before.is_empty()) return set;
  return within(set, {before.boundaries().back(), kNoEnd});
}

// --- to and from the chunks of the wire; the last group of a blob counts whole
// Every group that the chunks lie in whole, of a blob of `chunks` chunks.
inline GroupSet groups_of(const bao::ChunkRanges& ranges, std::uint64_t chunks) {
  GroupSet out;
  const auto whole = ranges.whole_groups(chunks);
  const auto edges = whole.boundaries();
  for (std::size_t i = 0; i + 1 < edges.size(); i += 2) {
    out.add(edges[i] / bao::kGroupChunks, (edges[i + 1] - 1) / bao::kGroupChunks + 1);
  }
  return out;
}

inline bao::ChunkRanges chunks_of(const GroupSet& set) {
  bao::ChunkRanges out;
  const auto edges = set.boundaries();
  for (std::size_t i = 0; i + 1 < edges.size(); i += 2) {
    const auto begin = edges[i] * bao::kGroupChunks;
    if (edges[i + 1] >= kNoEnd) return out |= bao::ChunkRanges::from(ChunkIndex(begin));
    out.add(begin, edges[i + 1] * bao::kGroupChunks);
  }
  return out;
}

}  // namespace archy::fetch
