#include "blobs/observe_item.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::blobs {
namespace {

using bao::ChunkRanges;

TEST(ObserveItem, EveryVectorRoundTrips) {
  const std::pair<ObserveItem, const char*> cases[] = {
      {{0, {}}, "020000"},
      {{11, ChunkRanges::all()}, "030b0100"},
      {{100000, ChunkRanges::span(ChunkIndex(0), ChunkIndex(16))}, "06a08d06020010"},
  };
  for (const auto& [item, hex] : cases) {
    EXPECT_EQ(to_hex(encode(item)), hex);
    const Bytes bytes = *from_hex(hex);
    auto read = read_observe_item(bytes);
    ASSERT_TRUE(read && *read) << hex;
    EXPECT_EQ((*read)->item, item);
    EXPECT_EQ((*read)->length, bytes.size());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      auto partial = read_observe_item(ByteView(bytes).first(cut));
      ASSERT_TRUE(partial.has_value());
      EXPECT_FALSE(partial->has_value());
    }
  }
}

TEST(ObserveItem, RefusesFallingBoundariesAndOversize) {
  EXPECT_FALSE(read_observe_item(*from_hex("040b020500")).has_value());
  EXPECT_FALSE(read_observe_item(*from_hex("818040")).has_value());
  EXPECT_FALSE(read_observe_item(*from_hex("020bff")).has_value());
  EXPECT_FALSE(read_observe_item(*from_hex("030b0200")).has_value());
  // Equal boundaries are an empty span, as in a request.
  EXPECT_TRUE((*read_observe_item(*from_hex("040b020505")))->item.ranges.is_empty());
}

TEST(ObserveItem, ShowsATailThatReachesTheLastChunkAsOpenEnded) {
  const auto span = [](std::uint64_t a, std::uint64_t b) {
    return ChunkRanges::span(ChunkIndex(a), ChunkIndex(b));
  };
  EXPECT_EQ(observed_form(span(0, 98), 100000), ChunkRanges::all());
  EXPECT_EQ(observed_form(span(16, 98), 100000), ChunkRanges::from(ChunkIndex(16)));
  EXPECT_EQ(observed_form(span(0, 16), 100000), span(0, 16));
  EXPECT_EQ(observed_form(ChunkRanges::all(), 100000), ChunkRanges::all());
  EXPECT_EQ(observed_form(ChunkRanges(), 0), ChunkRanges());
}

}  // namespace
}  // namespace archy::blobs
