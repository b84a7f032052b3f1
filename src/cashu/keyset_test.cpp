#include "cashu/keyset.hpp"

#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

TEST(Keyset, ReadsTheValidKeysAndRefusesTheInvalid) {
  const auto json = vectors("nut01");
  for (const auto& keys : json["valid_keysets"]) {
    const auto parsed = parse_keys(keys.dump());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->size(), keys.size());
    for (const auto& [amount, key] : *parsed) {
      EXPECT_EQ(key.hex(), text(keys[std::to_string(amount.value())]));
    }
  }
  EXPECT_EQ(json["invalid_keysets"].size(), 2u);
  for (const auto& row : json["invalid_keysets"]) {
    const auto parsed = parse_keys(row["keys"].dump());
    ASSERT_FALSE(parsed) << row["why"];
    EXPECT_EQ(parsed.error().code, Code::peer_fault);
  }
}

TEST(Keyset, HasTheIdThatFollowsFromItsKeys) {
  const auto json = vectors("nut02");
  const auto keys_named = [&](const nlohmann::ordered_json& name) {
    return parse_keys(json["keysets"][text(name)].dump()).value();
  };
  for (const auto& row : json["v1"]) {
    EXPECT_EQ(keyset_id_v1(keys_named(row["keys"])).text(), text(row["id"]));
  }
  for (const auto& row : json["v2"]) {
    KeysetTerms terms{text(row["unit"]), row["input_fee_ppk"].get<std::uint64_t>(), {}};
    if (!row["final_expiry"].is_null())
      terms.final_expiry = row["final_expiry"].get<std::uint64_t>();
    const auto keys = keys_named(row["keys"]);
    EXPECT_EQ(keyset_id_v2(keys, terms).text(), text(row["id"]));
    EXPECT_TRUE(Keyset::make(keyset_id(row["id"]), terms, keys));
    terms.unit = "SAT";
    EXPECT_EQ(keyset_id_v2(keys, terms).text(), text(row["id"]));
    terms.input_fee_ppk += 1;
    const auto other = Keyset::make(keyset_id(row["id"]), terms, keys);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::peer_fault);
  }
  EXPECT_EQ(json["v1"].size() + json["v2"].size(), 5u);
}

TEST(Keyset, IsReadFromAMintsAnswerAndBoundToItsKeys) {
  const auto json = vectors("nut02");
  nlohmann::ordered_json answer = {
      {"keysets",
       {{{"id", "00456a94ab4e1c46"}, {"unit", "sat"}, {"keys", json["keysets"]["small"]}},
        {{"id", json["v2"][0]["id"]},
         {"unit", "sat"},
         {"active", true},
         {"input_fee_ppk", 100},
         {"final_expiry", 2059210353},
         {"keys", json["keysets"]["small"]}},
        {{"id", "02" + std::string(64, 'a')}, {"unit", "sat"}, {"keys", {{"1", "ab"}}}}}}};
  const auto keysets = parse_keys_answer(answer.dump());
  ASSERT_TRUE(keysets) << keysets.error().detail;
  ASSERT_EQ(keysets->size(), 2u);  // version 3 is left out
  EXPECT_EQ((*keysets)[1].terms().input_fee_ppk, 100u);
  EXPECT_EQ((*keysets)[1].terms().final_expiry, 2059210353u);
  EXPECT_TRUE((*keysets)[0].key_for(Amount(8)));
  EXPECT_FALSE((*keysets)[0].key_for(Amount(16)));

  answer["keysets"][0]["keys"].erase("8");
  EXPECT_EQ(parse_keys_answer(answer.dump()).error().detail,
            "keyset 00456a94ab4e1c46 has keys of another id");
  for (
      const std::string text :
      {"", "[]", "{}", R"({"keysets":{}})", R"({"keysets":[1]})", R"({"keysets":[{"id":"x"}]})",
       R"({"keysets":[{"id":"00456a94ab4e1c46","unit":"sat","keys":{}}]})",
       R"({"keysets":[{"id":"00456a94ab4e1c46","unit":"sat","input_fee_ppk":1.5,"keys":{"1":"02"}}]})"}) {
    EXPECT_EQ(parse_keys_answer(text).error().code, Code::peer_fault) << text;
  }
}

TEST(Keyset, RefusesAmountsThatAreNoNumbers) {
  const std::string key = "\"0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\"";
  EXPECT_TRUE(parse_keys("{\"18446744073709551615\":" + key + "}"));
  for (const std::string amount :
       {"0", "01", "-1", "1.0", "1e3", "18446744073709551616", "", " 1"}) {
    EXPECT_FALSE(parse_keys("{\"" + amount + "\":" + key + "}")) << amount;
  }
  EXPECT_FALSE(parse_keys("{\"1\":" + key + ",\"1\":" + key + "}"));
}

TEST(KeysetId, SaysWhichVersionsItIsNot) {
  EXPECT_EQ(KeysetId::parse("00456a94ab4e1c46")->version(), KeysetId::Version::v1);
  EXPECT_EQ(KeysetId::parse("01456a94ab4e1c46")->version(), KeysetId::Version::v2_short);
  EXPECT_EQ(KeysetId::parse("01" + std::string(64, 'a'))->version(), KeysetId::Version::v2);
  EXPECT_EQ(KeysetId::parse("I2yN+iRYfkzT")->version(), KeysetId::Version::legacy);
  for (const std::string& text : {std::string("02456a94ab4e1c46"), "02" + std::string(64, 'a'),
                                  "02" + std::string(30, 'a')}) {
    const auto id = KeysetId::parse(text);
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, Code::unsupported);
    EXPECT_EQ(id.error().detail, "a keyset of version 3 (BLS12-381), which is not supported");
  }
  EXPECT_EQ(KeysetId::parse("ff456a94ab4e1c46").error().detail, "a keyset of an unknown version");
  for (const std::string text :
       {"", "00", "00456a94ab4e1c4", "00456A94ab4e1c46", "00456a94ab4e1c4g", "I2yN+iRYfkz!"}) {
    EXPECT_EQ(KeysetId::parse(text).error().code, Code::bad_input) << text;
  }
  EXPECT_EQ(KeysetId::parse("00" + std::string(64, 'a')).error().code, Code::bad_input);
}

TEST(KeysetId, IsExpandedWhenItStandsForOneKeyset) {
  const std::string start = "01aaaaaaaaaaaaaa";
  const auto a = *KeysetId::parse(start + std::string(50, 'a'));
  const auto b = *KeysetId::parse(start + std::string(50, 'b'));
  const auto c = *KeysetId::parse("01" + std::string(64, 'c'));
  const auto v1 = *KeysetId::parse("00456a94ab4e1c46");
  EXPECT_EQ(a.shortened().text(), start);
  EXPECT_EQ(v1.shortened(), v1);
  EXPECT_EQ(*expand(c.shortened(), std::array{a, b, c, v1}), c);
  EXPECT_EQ(*expand(a.shortened(), std::array{a, c, a}), a);
  EXPECT_EQ(*expand(v1, {}), v1);
  EXPECT_EQ(expand(a.shortened(), std::array{a, b, c}).error().code, Code::bad_input);
  EXPECT_EQ(expand(a.shortened(), std::array{c, v1}).error().code, Code::not_found);
}

TEST(KeysetId, MaySharePathAndSecretsWithAnother) {
  const auto a = *KeysetId::parse("0000000000000001");
  const auto b = *KeysetId::parse("0000000080000000");
  const auto c = *KeysetId::parse("0000000080000001");
  EXPECT_EQ(a.path_number(), b.path_number());
  EXPECT_TRUE(share_derived_secrets(a, b));
  EXPECT_TRUE(share_derived_secrets(a, a));
  EXPECT_FALSE(share_derived_secrets(a, c));
  const auto v2 = *KeysetId::parse("01" + std::string(64, 'a'));
  EXPECT_FALSE(share_derived_secrets(a, v2));
  EXPECT_FALSE(share_derived_secrets(v2, *KeysetId::parse("01" + std::string(64, 'b'))));
}

}  // namespace
}  // namespace archy::cashu
