#include "blobs/observe_item.hpp"

#include "bao/tree.hpp"
#include "wire/postcard.hpp"
#include "wire/varint.hpp"

namespace archy::blobs {
namespace {

Result<ObserveItem> read_body(ByteView body) {
  wire::PostcardReader in(body);
  ObserveItem item;
  TRY(size, in.u64());
  item.size = size;
  TRY(count, in.count(kObserveItemBytes, 1));
  std::vector<std::uint64_t> boundaries;
  boundaries.reserve(count);
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(boundary, in.u64());
    if (boundary < previous) return fail(Code::bad_input, "observe item: boundaries fall");
    previous = boundary;
    if (!boundaries.empty() && boundaries.back() == boundary) {
      boundaries.pop_back();
    } else {
      boundaries.push_back(boundary);
    }
  }
  TRY(ranges, bao::ChunkRanges::from_boundaries(std::move(boundaries)));
  item.ranges = std::move(ranges);
  return item;
}

}  // namespace

Bytes encode(const ObserveItem& item) {
  wire::PostcardWriter body;
  body.number(item.size).number(item.ranges.boundaries().size());
  for (std::uint64_t boundary : item.ranges.boundaries()) body.number(boundary);
  wire::PostcardWriter out;
  out.byte_string(body.bytes());
  return out.take();
}

Result<std::optional<ReadObserveItem>> read_observe_item(ByteView in) {
  TRY(length, wire::read_varint(in));
  if (!length) return std::optional<ReadObserveItem>{};
  if (length->value > kObserveItemBytes) return fail(Code::bad_input, "observe item above 1 MiB");
  const ByteView after = in.subspan(length->length);
  if (after.size() < length->value) return std::optional<ReadObserveItem>{};
  const auto body_length = static_cast<std::size_t>(length->value);
  TRY(item, read_body(after.first(body_length)));
  return std::optional<ReadObserveItem>{{std::move(item), length->length + body_length}};
}

bao::ChunkRanges observed_form(const bao::ChunkRanges& have, std::uint64_t size) {
  if (have.is_all() || have.is_empty()) return have;
  const std::uint64_t chunks = bao::Tree(size).chunks();
  if (!have.contains(ChunkIndex(chunks - 1))) {
    return have & bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(chunks));
  }
  return have | bao::ChunkRanges::from(ChunkIndex(chunks));
}

}  // namespace archy::blobs
