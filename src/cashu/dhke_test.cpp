#include "cashu/dhke.hpp"

#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

TEST(HashToCurve, GivesEveryPublishedPoint) {
  const auto json = vectors("nut00");
  for (const auto& row : json["hash_to_curve"]) {
    EXPECT_EQ(hash_to_curve(*from_hex(text(row["message_hex"]))).hex(), text(row["Y"]));
  }
  EXPECT_EQ(json["hash_to_curve"].size(), 3u);
}

TEST(Dhke, BlindsAsPublished) {
  for (const auto& row : vectors("nut00")["blind"]) {
    const auto y = hash_to_curve(*from_hex(text(row["x_hex"])));
    EXPECT_EQ(blind(y, scalar(row["r"]))->hex(), text(row["B_"]));
  }
}

TEST(Dhke, SignsAsPublished) {
  for (const auto& row : vectors("nut00")["sign"]) {
    EXPECT_EQ(sign_blinded(scalar(row["k"]), point(row["B_"])).hex(), text(row["C_"]));
  }
}

TEST(Dhke, UnblindsToASignatureOfTheSecret) {
  const auto k = crypto::Scalar::random();
  const auto r = crypto::Scalar::random();
  const auto secret = as_bytes("407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837");
  const auto b = blind(hash_to_curve(secret), r);
  ASSERT_TRUE(b);
  const auto c = unblind(sign_blinded(k, *b), r, crypto::Point::of(k));
  ASSERT_TRUE(c);
  EXPECT_TRUE(is_signed_by(k, secret, *c));
  EXPECT_FALSE(is_signed_by(crypto::Scalar::random(), secret, *c));
  EXPECT_FALSE(is_signed_by(k, as_bytes("another"), *c));
  // The digits of a secret are its message, not the bytes they stand for.
  EXPECT_FALSE(is_signed_by(k, *from_hex(as_text(secret)), *c));
}

TEST(Dhke, RefusesASignatureMadeToUnblindToNothing) {
  const auto r = crypto::Scalar::random();
  const auto key = crypto::Point::of(crypto::Scalar::random());
  EXPECT_EQ(unblind(key.times(r), r, key).error().code, Code::bad_input);
}

}  // namespace
}  // namespace archy::cashu
