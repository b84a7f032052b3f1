#include "cashu/derivation.hpp"

#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

TEST(Derivation, GivesEveryPublishedSecretOfBothVersions) {
  const auto json = vectors("nut13");
  const auto seed = crypto::parse_words(text(json["mnemonic"]));
  ASSERT_TRUE(seed);
  EXPECT_EQ(to_hex(seed->reveal()), text(json["bip39_seed_hex_computed_here"]));
  EXPECT_EQ(keyset_id(json["v1"]["keyset_id"]).path_number(),
            json["v1"]["keyset_id_int"].get<std::uint32_t>());
  Derivation derivation(*seed);
  for (const char* version : {"v1", "v2"}) {
    const auto& rows = json[version];
    const auto id = keyset_id(rows["keyset_id"]);
    ASSERT_EQ(rows["secrets"].size(), 5u);
    ASSERT_EQ(rows["r"].size(), 5u);
    for (std::uint64_t counter = 0; counter < 5; ++counter) {
      const auto output = derivation.derive(id, counter);
      ASSERT_TRUE(output);
      EXPECT_EQ(output->secret.reveal(), text(rows["secrets"][counter]));
      EXPECT_EQ(to_hex(output->r.reveal()), text(rows["r"][counter]));
    }
  }
}

TEST(Derivation, ForgetsNoKeysetWhenTheyTakeTurns) {
  const auto json = vectors("nut13");
  Derivation derivation(*crypto::parse_words(text(json["mnemonic"])));
  const auto id = keyset_id(json["v1"]["keyset_id"]);
  ASSERT_TRUE(derivation.derive(*KeysetId::parse("00456a94ab4e1c46"), 0));
  EXPECT_EQ(derivation.derive(id, 3)->secret.reveal(), text(json["v1"]["secrets"][3]));
}

TEST(Derivation, RefusesWhatHasNoPath) {
  Derivation derivation(*crypto::parse_words(text(vectors("nut13")["mnemonic"])));
  const auto v1 = *KeysetId::parse("00456a94ab4e1c46");
  EXPECT_TRUE(derivation.derive(v1, 0x7fffffff));
  EXPECT_EQ(derivation.derive(v1, 0x80000000).error().code, Code::unsupported);
  EXPECT_EQ(derivation.derive(*KeysetId::parse("I2yN+iRYfkzT"), 0).error().code, Code::unsupported);
  EXPECT_EQ(derivation.derive(*KeysetId::parse("01456a94ab4e1c46"), 0).error().code,
            Code::bad_input);
}

}  // namespace
}  // namespace archy::cashu
