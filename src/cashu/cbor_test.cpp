#include "cashu/cbor.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::cashu {
namespace {

// Source: RFC 8949, appendix A.
TEST(CborWriter, WritesTheShortestForm) {
  const std::pair<std::uint64_t, const char*> numbers[] = {
      {0, "00"},
      {10, "0a"},
      {23, "17"},
      {24, "1818"},
      {100, "1864"},
      {255, "18ff"},
      {256, "190100"},
      {1000, "1903e8"},
      {65536, "1a00010000"},
      {1000000, "1a000f4240"},
      {4294967296, "1b0000000100000000"},
      {1000000000000, "1b000000e8d4a51000"},
      {18446744073709551615u, "1bffffffffffffffff"},
  };
  for (const auto& [number, hex] : numbers) {
    EXPECT_EQ(to_hex(CborWriter().number(number).written()), hex);
    const auto bytes = *from_hex(hex);
    CborReader in(bytes);
    EXPECT_EQ(*in.number(), number);
    EXPECT_TRUE(in.at_end());
  }
  EXPECT_EQ(to_hex(CborWriter().bytes(*from_hex("01020304")).written()), "4401020304");
  EXPECT_EQ(to_hex(CborWriter().text("IETF").written()), "6449455446");
  EXPECT_EQ(to_hex(CborWriter().array(25).written()), "9819");
  EXPECT_EQ(to_hex(CborWriter().map(2).text("a").number(1).text("b").boolean(true).written()),
            "a26161016162f5");
}

TEST(CborReader, TakesLongerFormsAndNothing) {
  const auto bytes = *from_hex("1b0000000000000005f6f7f4");
  CborReader in(bytes);
  EXPECT_EQ(*in.number(), 5u);
  EXPECT_TRUE(in.take_nothing());
  EXPECT_TRUE(in.take_nothing());
  EXPECT_FALSE(in.take_nothing());
  EXPECT_FALSE(*in.boolean());
  EXPECT_TRUE(in.at_end());
}

TEST(CborReader, RefusesWhatItDoesNotKnow) {
  for (const char* hex : {"",
                          "18",
                          "1900",
                          "1b00000000000000",
                          "20",
                          "c074",
                          "f90000",
                          "fb",
                          "f8ff",
                          "f0",
                          "5f4101ff",
                          "7f6161ff",
                          "9fff",
                          "bfff",
                          "ff",
                          "1c",
                          "44010203",
                          "61ff",
                          "82",
                          "8201",
                          "a1",
                          "a161",
                          "9bffffffffffffffff",
                          "5bffffffffffffffff",
                          "bb7fffffffffffffff"}) {
    const auto bytes = *from_hex(hex);
    const auto skipped = CborReader(bytes).skip();
    ASSERT_FALSE(skipped) << hex;
    EXPECT_EQ(skipped.error().code, Code::bad_input);
  }
}

TEST(CborReader, SkipsWhateverIsInAnItemToADepth) {
  const auto bytes = *from_hex(
      "a26161820102616282a16163f640"
      "05");
  CborReader in(bytes);
  ASSERT_TRUE(in.skip());
  EXPECT_EQ(*in.number(), 5u);
  const Bytes deep(15, 0x81);
  Bytes fifteen = deep;
  fifteen.push_back(0);
  EXPECT_TRUE(CborReader(fifteen).skip());
  Bytes sixteen = deep;
  append(sixteen, *from_hex("8100"));
  EXPECT_FALSE(CborReader(sixteen).skip());
}

// Who makes room for what is announced must not be told of more than there is.
TEST(CborReader, AnnouncesNoMoreItemsThanThereAreBytes) {
  for (const char* hex : {"9a7fffffff00", "8200"}) {
    const auto bytes = *from_hex(hex);
    EXPECT_FALSE(CborReader(bytes).array()) << hex;
  }
  for (const char* hex : {"ba7fffffff00", "a100"}) {
    const auto bytes = *from_hex(hex);
    EXPECT_FALSE(CborReader(bytes).map()) << hex;
  }
  const auto bytes = *from_hex("8100");
  EXPECT_EQ(*CborReader(bytes).array(), 1u);
}

TEST(CborReader, TakesNoTypeForAnother) {
  const auto bytes = *from_hex("6161");
  EXPECT_FALSE(CborReader(bytes).bytes());
  EXPECT_FALSE(CborReader(bytes).number());
  EXPECT_FALSE(CborReader(bytes).array());
  EXPECT_FALSE(CborReader(bytes).map());
  EXPECT_FALSE(CborReader(bytes).boolean());
  EXPECT_EQ(*CborReader(bytes).text(), "a");
}

}  // namespace
}  // namespace archy::cashu
