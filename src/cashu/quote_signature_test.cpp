#include "cashu/quote_signature.hpp"

#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

std::vector<BlindedMessage> outputs_of(const nlohmann::ordered_json& json) {
  std::vector<BlindedMessage> out;
  for (const auto& each : json) {
    out.push_back(
        {Amount(each["amount"].get<std::uint64_t>()), keyset_id(each["id"]), point(each["B_"])});
  }
  return out;
}

TEST(QuoteSignature, IsJudgedAsPublished) {
  const auto json = vectors("nut20");
  for (const char* name : {"valid", "invalid"}) {
    const auto& row = json[name];
    const auto outputs = outputs_of(row["outputs"]);
    EXPECT_EQ(outputs.size(), 5u);
    EXPECT_EQ(quote_message(text(row["quote"]), outputs), text(json["msg_to_sign_utf8"]));
    crypto::SchnorrSignature signature;
    ASSERT_TRUE(from_hex_into(text(row["signature"]), signature));
    EXPECT_EQ(is_quote_signed(point(json["pubkey"]), text(row["quote"]), outputs, signature),
              name == std::string("valid"));
  }
}

TEST(QuoteSignature, CoversTheQuoteAndTheOrderOfOutputs) {
  auto outputs = outputs_of(vectors("nut20")["valid"]["outputs"]);
  const auto key = crypto::Scalar::random();
  const auto owner = crypto::Point::of(key);
  const auto signature = sign_quote(key, "quote", outputs);
  EXPECT_TRUE(is_quote_signed(owner, "quote", outputs, signature));
  EXPECT_FALSE(is_quote_signed(owner, "quotf", outputs, signature));
  std::swap(outputs[0], outputs[1]);
  EXPECT_FALSE(is_quote_signed(owner, "quote", outputs, signature));
}

}  // namespace
}  // namespace archy::cashu
