// Oracle: an item that was read is written in at most as many bytes and reads back equal; no prefix
// of it is an item.
#include "bao/tree.hpp"
#include "base/check.hpp"
#include "blobs/observe_item.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  auto read = blobs::read_observe_item({data, size});
  if (!read || !*read) return 0;
  const auto& [item, length] = **read;
  CHECK(length <= size);
  const Bytes again = blobs::encode(item);
  CHECK(again.size() <= length);
  auto reread = blobs::read_observe_item(again);
  CHECK(reread.has_value() && *reread && (*reread)->item == item &&
        (*reread)->length == again.size());
  auto cut = blobs::read_observe_item({data, length - 1});
  CHECK(!cut.has_value() || !*cut);
  // What is shown of the blob's own chunks is what is held of them.
  const auto chunks =
      bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(bao::Tree(item.size).chunks()));
  const auto shown = blobs::observed_form(item.ranges, item.size);
  CHECK((shown & chunks) == (item.ranges & chunks));
  return 0;
}
