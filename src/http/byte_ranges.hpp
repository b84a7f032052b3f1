// Which bytes a GET is answered with: the Range header against the size of what is there. Pure.
// Source: RFC 9110 section 14.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace archy::http {

struct ByteSpan {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
  std::uint64_t size() const { return last - first + 1; }
  bool operator==(const ByteSpan&) const = default;
};

enum class RangeKind : unsigned char {
  whole,          // 200: no range is meant, or none that can be understood
  partial,        // 206 with `spans`
  unsatisfiable,  // 416
};

struct RangeDecision {
  RangeKind kind = RangeKind::whole;
  std::vector<ByteSpan> spans = {};  // within the size; disjoint
  bool operator==(const RangeDecision&) const = default;
};

// Parts of one answer; what asks for more in a way that does not merge is refused. Each part costs
// us the reading of a group and the client more than it saves.
inline constexpr std::size_t kMaxParts = 8;
// Two spans with less between them are sent as one: a part of its own costs more than that.
inline constexpr std::uint64_t kPartGapBytes = 128;

// Whole: another unit than bytes, or a list that is malformed (no spec, no digits, last before
// first). Numbers of any length are read; what lies beyond the size is cut off. Unsatisfiable: no
// span lies within the size, or more than kMaxParts are left after merging. Up to kMaxParts spans
// that are apart keep the order they were asked in; others are merged in ascending order.
// Cost: O(n log n) in the length of the header, which the server caps.
RangeDecision decide_ranges(std::string_view range, std::uint64_t size_bytes);

}  // namespace archy::http
