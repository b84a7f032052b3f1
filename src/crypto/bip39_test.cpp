#include "crypto/bip39.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::crypto {
namespace {

const struct {
  const char *entropy, *words, *passphrase, *seed;
} kRows[] = {
    // Source: the vectors of BIP-39 (12 and 24 words); the others from Trezor's implementation.
    {"00000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "about",
     "TREZOR",
     "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
     "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank yellow", "TREZOR",
     "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
     "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"},
    {"9e885d952ad362caeb4efe34a8e91bd2",
     "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic", "TREZOR",
     "274ddc525802f7c828d8ef7ddbcdc5304e87ac3535913611fbbfa986d0c9e547"
     "6c91689f9c8a54fd55bd38606aa6a8595ad213d4c9c9f9aca3fb217069a41028"},
    {"f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing "
     "screen patrol group space point ten exist slush involve unfold",
     "TREZOR",
     "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0"
     "e35524a518034ddc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998"},
    {"8080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount "
     "doctor accident",
     "",
     "10c64d44e7d6312acd4b7ae5953a3feada0a0c73ae2f18c17d0aa7081a9b8e8d"
     "951144c2b234d678059c3a22e982388e03178d1b61f6ec16b59bba60068b467c"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo veteran",
     "x y",
     "2a470e38afc56b934cfb09598ec1dddd4f93e4cfd0fcc53c0e76665d3e2925f7"
     "481579ef381c7d40789613fab3f3cdee49d3cd8901b867478d6816eb9379a062"},
};

TEST(Bip39, GivesThePublishedWordsAndSeeds) {
  for (const auto& row : kRows) {
    EXPECT_EQ(words_of(*from_hex(row.entropy)).reveal(), row.words);
    const auto seed = parse_words(row.words, row.passphrase);
    ASSERT_TRUE(seed) << row.words;
    EXPECT_EQ(to_hex(seed->reveal()), row.seed);
  }
}

TEST(Bip39, TakesWordsAsPeopleTypeThem) {
  const auto seed = parse_words(
      "\n  Legal winner\tTHANK year  wave sausage worth useful legal winner thank\r\nyellow ",
      "TREZOR");
  ASSERT_TRUE(seed);
  EXPECT_EQ(to_hex(seed->reveal()), kRows[1].seed);
}

TEST(Bip39, SaysWhatIsWrongWithoutRepeatingAWord) {
  const std::string ten =
      "abandon abandon abandon abandon abandon abandon abandon abandon abandon ";
  const std::pair<std::string, std::string> rows[] = {
      {"", "12, 15, 18, 21 or 24 words"},
      {ten, "12, 15, 18, 21 or 24 words"},
      {"about abandon abandon", "12, 15, 18, 21 or 24 words"},
      {ten + "abandon abandon abandon",
       "the words do not fit together: one is wrong or out of place"},
      {ten + "abandon about abandon",
       "the words do not fit together: one is wrong or out of place"},
      {"abandon sesame", "word 2 is not in the list of BIP-39"},
      {"zzz", "word 1 is not in the list of BIP-39"},
      {ten + ten + ten, "more than 24 words"},
      {std::string(1000, 'a'), "more than 24 words"},
  };
  for (const auto& [words, message] : rows) {
    const auto seed = parse_words(words);
    ASSERT_FALSE(seed) << words;
    EXPECT_EQ(seed.error().code, Code::bad_input);
    EXPECT_EQ(seed.error().detail, message) << words;
  }
  EXPECT_EQ(parse_words(kRows[0].words, "\xc3\xa9").error().code, Code::unsupported);
}

TEST(Bip39, MakesWordsThatItReads) {
  const auto words = random_words();
  EXPECT_TRUE(parse_words(words.reveal()));
  EXPECT_NE(words.reveal(), random_words().reveal());
}

}  // namespace
}  // namespace archy::crypto
