#include "store/rows.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::store {
namespace {

TEST(BitfieldRow, RoundTrips) {
  for (const auto& boundaries :
       std::vector<std::vector<std::uint64_t>>{{},
                                               {0},
                                               {0, 16},
                                               {5, 7, 1000, 1u << 20},
                                               {~std::uint64_t{0}},
                                               {0, 1, 2, ~std::uint64_t{0}}}) {
    auto ranges = bao::ChunkRanges::from_boundaries(boundaries);
    ASSERT_TRUE(ranges.has_value());
    auto back = decode_ranges(encode_ranges(*ranges));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, *ranges);
  }
}

TEST(BitfieldRow, RubbishIsCorrupt) {
  const Bytes rows[] = {
      {},        {1},          {2, 5, 0},
      {2, 5},    {0, 0},       {0xff, 0xff, 0xff, 0xff, 0x7f},
      {1, 0x80}, {2, 1, 1, 1}, {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};
  for (const Bytes& row : rows) {
    auto decoded = decode_ranges(row);
    ASSERT_FALSE(decoded.has_value()) << to_hex(row);
    EXPECT_EQ(decoded.error().code, Code::corrupt);
  }
}

TEST(StampRow, RoundTripsAndRefusesOtherLengths) {
  const rt::FileStamp stamp{1, 2, ~std::uint64_t{0}, -4, 5};
  EXPECT_EQ(*decode_stamp(encode_stamp(stamp)), stamp);
  EXPECT_FALSE(decode_stamp(Bytes(39)).has_value());
  EXPECT_FALSE(decode_stamp(Bytes(41)).has_value());
}

}  // namespace
}  // namespace archy::store
