// Whatever stands in a row is decoded or refused; what is decoded encodes back to a row that
// decodes to the same.
#include <cstdint>

#include "base/check.hpp"
#include "store/rows.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const archy::ByteView row(data, size);
  if (auto ranges = archy::store::decode_ranges(row); ranges.has_value()) {
    auto again = archy::store::decode_ranges(archy::store::encode_ranges(*ranges));
    CHECK(again.has_value() && *again == *ranges);
    std::uint64_t before = 0;
    bool first = true;
    for (const std::uint64_t boundary : ranges->boundaries()) {
      CHECK(first || boundary > before);
      before = boundary;
      first = false;
    }
  }
  if (auto stamp = archy::store::decode_stamp(row); stamp.has_value()) {
    CHECK(archy::equal(archy::store::encode_stamp(*stamp), row));
  }
  return 0;
}
