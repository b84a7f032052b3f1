#include "wire/postcard.hpp"

#include <gtest/gtest.h>

namespace archy::wire {
namespace {

TEST(Postcard, ReadsBackWhatItWrote) {
  PostcardWriter w;
  w.u8(9)
      .boolean(true)
      .number(65535)
      .number(0xffffffff)
      .number(~0ull)
      .string("dir/a")
      .raw(Bytes(32, 7));
  const Bytes bytes = w.take();
  PostcardReader r(bytes);
  EXPECT_EQ(*r.u8(), 9);
  EXPECT_EQ(*r.boolean(), true);
  EXPECT_EQ(*r.u16(), 65535);
  EXPECT_EQ(*r.u32(), 0xffffffffu);
  EXPECT_EQ(*r.u64(), ~0ull);
  EXPECT_EQ(*r.string(), "dir/a");
  EXPECT_EQ(r.bytes32<Blake3Hash>()->bytes[31], 7);
  EXPECT_TRUE(r.at_end());
}

TEST(Postcard, RefusesEveryCut) {
  PostcardWriter w;
  w.number(300).string("name").raw(Bytes(32, 7));
  const Bytes bytes = w.take();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    PostcardReader r(ByteView(bytes).first(cut));
    const bool whole = r.u16().has_value() && r.string().has_value() && r.raw(32).has_value();
    EXPECT_FALSE(whole) << cut;
  }
}

TEST(Postcard, RefusesCountsThatTheInputCannotHold) {
  const Bytes huge = *from_hex("ffffffffffffffffff01aabb");
  EXPECT_FALSE(PostcardReader(huge).byte_string().has_value());
  EXPECT_FALSE(PostcardReader(huge).count(~std::size_t{0}, 1).has_value());
  const Bytes two = *from_hex("02aabb");
  EXPECT_EQ(*PostcardReader(two).count(2, 1), 2u);
  EXPECT_FALSE(PostcardReader(two).count(1, 1).has_value());
  EXPECT_FALSE(PostcardReader(two).count(2, 2).has_value());
  EXPECT_FALSE(PostcardReader(two).byte_string(1).has_value());
}

TEST(Postcard, RefusesBadBooleansAndBadUtf8) {
  EXPECT_FALSE(PostcardReader(*from_hex("02")).boolean().has_value());
  const Bytes bad = *from_hex("02c328");
  EXPECT_FALSE(PostcardReader(bad).string().has_value());
  EXPECT_TRUE(PostcardReader(bad).byte_string().has_value());
}

}  // namespace
}  // namespace archy::wire
