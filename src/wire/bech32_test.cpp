#include "wire/bech32.hpp"

#include <gtest/gtest.h>

namespace archy::wire {
namespace {

// Source: BIP-173, test vectors.
TEST(Bech32, TakesThePublishedWordsAndRefusesTheOthers) {
  for (
      const std::string word :
      {"A12UEL5L", "a12uel5l",
       "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
       "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
       "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
       "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl"}) {
    const auto parsed = parse_bech32(word);
    ASSERT_TRUE(parsed) << word;
    std::string lower = word;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(to_string(*parsed), lower);
  }
  for (const std::string word :
       {"\x20"
        "1nwldj5",
        "\x7f"
        "1axkwrx",
        "\x80"
        "1eym55h",
        "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xff", "A1G7SGD8",
        "10a06t8", "1qzzfhee", "a12UEL5L", "", "1"}) {
    const auto parsed = parse_bech32(word);
    ASSERT_FALSE(parsed) << word;
    EXPECT_EQ(parsed.error().code, Code::bad_input);
  }
}

TEST(Bech32, PacksGroupsAndLeavesTheRestOut) {
  const std::vector<std::uint8_t> groups = {31, 31, 0, 1};
  EXPECT_EQ(packed_groups(groups), (Bytes{0xff, 0xc0}));
  EXPECT_TRUE(packed_groups({}).empty());
}

}  // namespace
}  // namespace archy::wire
