// Arbitrary boundaries through every operation of ChunkRanges, checked chunk by chunk at every
// edge.
// covers: bao/chunk_ranges.cpp
#include <algorithm>
#include <functional>
#include <utility>

#include "bao/chunk_ranges.hpp"
#include "bao/encoder.hpp"
#include "bao/fuzz_input.hpp"
#include "bao/reference.hpp"
#include "base/check.hpp"

using namespace archy;
using namespace archy::bao;

namespace {

std::vector<std::uint64_t> raw_boundaries(FuzzInput& input) {
  std::vector<std::uint64_t> out;
  const std::uint64_t mode = input.number(1);
  std::uint64_t at = mode % 4 == 3 ? ~std::uint64_t{0} - 600 : 0;
  for (std::uint64_t n = mode / 4 % 12; n > 0; --n)
    out.push_back(mode % 4 == 2 ? input.number(8) : at += input.number(1));
  return out;
}

bool canonical(const ChunkRanges& ranges) {
  const auto b = ranges.boundaries();
  return std::ranges::adjacent_find(b, std::greater_equal<>()) == b.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(ByteView(data, size));
  const auto raw_a = raw_boundaries(input);
  const auto raw_b = raw_boundaries(input);
  const auto parsed_a = ChunkRanges::from_boundaries(raw_a);
  const auto parsed_b = ChunkRanges::from_boundaries(raw_b);
  const auto sorted = [](const auto& v) {
    return std::ranges::adjacent_find(v, std::greater_equal<>()) == v.end();
  };
  CHECK(parsed_a.has_value() == sorted(raw_a) && parsed_b.has_value() == sorted(raw_b));
  if (!parsed_a || !parsed_b) return 0;
  const ChunkRanges& a = *parsed_a;
  const ChunkRanges& b = *parsed_b;
  const std::uint64_t start = input.number(2);
  const std::uint64_t end = input.number(input.number(1) % 9);
  ChunkRanges added = a;
  added.add(start, end);

  std::vector<std::uint64_t> points{0, start, end};
  for (const auto* list : {&raw_a, &raw_b}) points.insert(points.end(), list->begin(), list->end());
  const ChunkRanges either = a | b, both = a & b, only_a = a - b, one = a ^ b;
  const ChunkRanges rounded = a.rounded_to_groups();
  for (const ChunkRanges* r : {&either, &both, &only_a, &one, &rounded, &std::as_const(added)})
    CHECK(canonical(*r));
  for (std::uint64_t point : points) {
    for (std::uint64_t delta : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const ChunkIndex at(point + delta);
      const bool in_a = a.contains(at);
      const bool in_b = b.contains(at);
      CHECK(either.contains(at) == (in_a || in_b) && both.contains(at) == (in_a && in_b));
      CHECK(only_a.contains(at) == (in_a && !in_b) && one.contains(at) == (in_a != in_b));
      CHECK(added.contains(at) == (in_a || (start <= at.value() && at.value() < end)));
      if (in_a) CHECK(rounded.contains(at));
      if (at.value() < ~std::uint64_t{0}) {
        CHECK(a.intersects(at.value(), at.value() + 1) == in_a);
        CHECK(a.covers(at.value(), at.value() + 1) == in_a);
      }
    }
  }

  // Any set is the union of its spans, and counts as many chunks as it holds.
  ChunkRanges joined;
  std::uint64_t counted = 0;
  for (const ChunkRanges::Span& span : a.spans()) {
    const ChunkIndex first(span.start);
    joined |= span.end ? ChunkRanges::span(first, ChunkIndex(*span.end)) : ChunkRanges::from(first);
    if (span.start < start) counted += std::min(span.end.value_or(start), start) - span.start;
  }
  CHECK(joined == a && a.count_below(start) == counted);
  const ChunkRanges touched = ChunkRanges::from_bytes(start, end);
  CHECK(touched.is_empty() == (end <= start));
  if (start < end) CHECK(touched.covers(start / 1024, (end - 1) / 1024 + 1));
  CHECK((a | ChunkRanges::all()).is_all() && (a - ChunkRanges::all()).is_empty());
  CHECK((a | ChunkRanges::last_chunk()).contains(ChunkIndex(~std::uint64_t{0})));

  const std::uint64_t blob_size = input.number(7) >> 3;  // up to 2^53
  const std::uint64_t chunks = Tree(blob_size).chunks();
  const ChunkRanges effective = a.effective(chunks);
  const reference::Wanted twin(raw_a, chunks);
  ChunkRanges rebuilt;
  for (const auto& [first, last] : twin.spans) rebuilt.add(first, last);
  CHECK(canonical(effective) && effective == rebuilt);
  CHECK(effective.is_empty() == a.is_empty());
  const ChunkRanges whole = a.whole_groups(chunks);
  CHECK(canonical(whole) && (whole - a).is_empty());
  CHECK((encoded_size(blob_size, a) == 0) == a.is_empty());
  return 0;
}
