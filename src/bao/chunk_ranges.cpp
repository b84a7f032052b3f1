#include "bao/chunk_ranges.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "crypto/blake3.hpp"

namespace archy::bao {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kGroup = crypto::kGroupChunks;
constexpr std::uint64_t kChunk = crypto::kChunkBytes;

using Boundaries = std::vector<std::uint64_t>;

// Walks both sets' boundaries in order and notes where keep(in_a, in_b) changes.
template <class Keep>
Boundaries combine(const Boundaries& a, const Boundaries& b, Keep keep) {
  Boundaries out;
  out.reserve(a.size() + b.size());
  std::size_t i = 0;
  std::size_t j = 0;
  bool inside = false;
  while (i < a.size() || j < b.size()) {
    const bool from_a = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const std::uint64_t at = from_a ? a[i] : b[j];
    if (i < a.size() && a[i] == at) ++i;
    if (j < b.size() && b[j] == at) ++j;
    const bool now = keep(i % 2 != 0, j % 2 != 0);
    if (now == inside) continue;
    out.push_back(at);
    inside = now;
  }
  return out;
}

// Boundaries at or below `chunk`: odd means that the chunk is inside.
std::size_t passed(const Boundaries& boundaries, std::uint64_t chunk) {
  return static_cast<std::size_t>(std::ranges::upper_bound(boundaries, chunk) - boundaries.begin());
}

}  // namespace

ChunkRanges ChunkRanges::all() { return from(ChunkIndex(0)); }

ChunkRanges ChunkRanges::from(ChunkIndex start) {
  ChunkRanges out;
  out.boundaries_ = {start.value()};
  return out;
}

ChunkRanges ChunkRanges::span(ChunkIndex start, ChunkIndex end) {
  ChunkRanges out;
  if (start < end) out.boundaries_ = {start.value(), end.value()};
  return out;
}

ChunkRanges ChunkRanges::last_chunk() { return from(ChunkIndex(kMax)); }

Result<ChunkRanges> ChunkRanges::from_boundaries(std::vector<std::uint64_t> boundaries) {
  if (std::ranges::adjacent_find(boundaries, std::greater_equal<>()) != boundaries.end())
    return fail(Code::bad_input, "chunk ranges are not strictly increasing");
  ChunkRanges out;
  out.boundaries_ = std::move(boundaries);
  return out;
}

ChunkRanges ChunkRanges::from_bytes(std::uint64_t start, std::uint64_t end) {
  if (end <= start) return {};
  return span(ChunkIndex(start / kChunk), ChunkIndex((end - 1) / kChunk + 1));
}

bool ChunkRanges::contains(ChunkIndex chunk) const {
  return passed(boundaries_, chunk.value()) % 2 != 0;
}

bool ChunkRanges::intersects(std::uint64_t start, std::uint64_t end) const {
  if (end <= start) return false;
  const std::size_t i = passed(boundaries_, start);
  return i % 2 != 0 || (i < boundaries_.size() && boundaries_[i] < end);
}

bool ChunkRanges::covers(std::uint64_t start, std::uint64_t end) const {
  if (end <= start) return true;
  const std::size_t i = passed(boundaries_, start);
  return i % 2 != 0 && (i == boundaries_.size() || boundaries_[i] >= end);
}

std::uint64_t ChunkRanges::count_below(std::uint64_t end) const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < boundaries_.size() && boundaries_[i] < end; i += 2) {
    const bool closed = i + 1 < boundaries_.size();
    count += (closed ? std::min(boundaries_[i + 1], end) : end) - boundaries_[i];
  }
  return count;
}

ChunkRanges ChunkRanges::operator|(const ChunkRanges& other) const {
  ChunkRanges out;
  out.boundaries_ = combine(boundaries_, other.boundaries_, [](bool a, bool b) { return a || b; });
  return out;
}
ChunkRanges ChunkRanges::operator&(const ChunkRanges& other) const {
  ChunkRanges out;
  out.boundaries_ = combine(boundaries_, other.boundaries_, [](bool a, bool b) { return a && b; });
  return out;
}
ChunkRanges ChunkRanges::operator-(const ChunkRanges& other) const {
  ChunkRanges out;
  out.boundaries_ = combine(boundaries_, other.boundaries_, [](bool a, bool b) { return a && !b; });
  return out;
}
ChunkRanges ChunkRanges::operator^(const ChunkRanges& other) const {
  ChunkRanges out;
  out.boundaries_ = combine(boundaries_, other.boundaries_, [](bool a, bool b) { return a != b; });
  return out;
}
ChunkRanges& ChunkRanges::operator|=(const ChunkRanges& other) {
  *this = *this | other;
  return *this;
}

void ChunkRanges::add(std::uint64_t start, std::uint64_t end) {
  if (end <= start) return;
  const bool closed = boundaries_.size() % 2 == 0;
  if (boundaries_.empty() || (closed && start > boundaries_.back())) {
    boundaries_.push_back(start);
    boundaries_.push_back(end);
    return;
  }
  if (closed && start == boundaries_.back()) {
    boundaries_.back() = end;
    return;
  }
  // Every boundary within [start, end] goes; the new ones stand only where the set was not open.
  const auto first = std::ranges::lower_bound(boundaries_, start);
  const auto last = std::ranges::upper_bound(boundaries_, end);
  std::uint64_t fresh[2];
  std::size_t n = 0;
  if ((first - boundaries_.begin()) % 2 == 0) fresh[n++] = start;
  if ((last - boundaries_.begin()) % 2 == 0) fresh[n++] = end;
  boundaries_.insert(boundaries_.erase(first, last), fresh, fresh + n);
}

std::vector<ChunkRanges::Span> ChunkRanges::spans() const {
  std::vector<Span> out;
  out.reserve((boundaries_.size() + 1) / 2);
  for (std::size_t i = 0; i < boundaries_.size(); i += 2) {
    Span span{boundaries_[i], std::nullopt};
    if (i + 1 < boundaries_.size()) span.end = boundaries_[i + 1];
    out.push_back(span);
  }
  return out;
}

ChunkRanges ChunkRanges::rounded_to_groups() const {
  ChunkRanges out;
  for (const Span& span : spans()) {
    const std::uint64_t start = span.start / kGroup * kGroup;
    // An end within the last group of 2^64 has no boundary above it.
    if (!span.end || *span.end > kMax - (kGroup - 1)) return out |= from(ChunkIndex(start));
    out.add(start, (*span.end + kGroup - 1) / kGroup * kGroup);
  }
  return out;
}

ChunkRanges ChunkRanges::whole_groups(std::uint64_t chunks) const {
  ChunkRanges out;
  for (const Span& span : spans()) {
    if (span.start >= chunks || span.start > kMax - (kGroup - 1)) break;
    const std::uint64_t start = (span.start + kGroup - 1) / kGroup * kGroup;
    const bool to_the_end = !span.end || *span.end >= chunks;
    const std::uint64_t end = to_the_end ? chunks : *span.end / kGroup * kGroup;
    out.add(start, end);
  }
  return out;
}

ChunkRanges ChunkRanges::effective(std::uint64_t chunks) const {
  ChunkRanges out = *this & span(ChunkIndex(0), ChunkIndex(chunks));
  const bool beyond =
      boundaries_.size() % 2 != 0 || (!boundaries_.empty() && boundaries_.back() > chunks);
  if (beyond && chunks > 0) out.add(chunks - 1, chunks);
  return out;
}

}  // namespace archy::bao
