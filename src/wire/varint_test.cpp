#include "wire/varint.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::wire {
namespace {

TEST(Varint, WritesTheFormsOfTheFormat) {
  const std::pair<std::uint64_t, std::string> cases[] = {
      {0, "00"},       {127, "7f"},        {128, "8001"},       {1024, "8008"},
      {10000, "904e"}, {100000, "a08d06"}, {1000000, "c0843d"}, {~0ull, "ffffffffffffffffff01"},
  };
  for (const auto& [value, hex] : cases) {
    Bytes out;
    append_varint(out, value);
    EXPECT_EQ(to_hex(out), hex);
    EXPECT_EQ(varint_length(value), out.size());
    auto read = read_varint(out);
    ASSERT_TRUE(read && *read) << hex;
    EXPECT_EQ((*read)->value, value);
    EXPECT_EQ((*read)->length, out.size());
    for (std::size_t cut = 0; cut < out.size(); ++cut) {
      auto partial = read_varint(ByteView(out).first(cut));
      ASSERT_TRUE(partial.has_value());
      EXPECT_FALSE(partial->has_value());
    }
  }
}

TEST(Varint, RefusesWhatDoesNotFit) {
  for (const char* hex :
       {"ffffffffffffffffff02", "ffffffffffffffffffff01", "80808080808080808080"}) {
    EXPECT_FALSE(read_varint(*from_hex(hex)).has_value()) << hex;
  }
  EXPECT_FALSE(read_varint(*from_hex("ffff04"), 16).has_value());
  EXPECT_FALSE(read_varint(*from_hex("ffffffff10"), 32).has_value());
  EXPECT_EQ((*read_varint(*from_hex("ffff03"), 16))->value, 65535u);
  EXPECT_EQ((*read_varint(*from_hex("ffffffff0f"), 32))->value, 0xffffffffu);
}

TEST(Varint, ReadsOverlongFormsWithinTheLimitAsPostcardDoes) {
  EXPECT_EQ((*read_varint(*from_hex("8000")))->value, 0u);
  EXPECT_EQ((*read_varint(*from_hex("80808080808080808000")))->length, 10u);
}

}  // namespace
}  // namespace archy::wire
