#include "cashu/dleq.hpp"

#include "cashu/dhke.hpp"
#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

Dleq dleq_of(const nlohmann::ordered_json& json) {
  return {bytes32(json["e"]), bytes32(json["s"])};
}

TEST(Dleq, HashesAsPublished) {
  const auto json = vectors("nut12")["hash_e"];
  EXPECT_EQ(to_hex(dleq_hash(std::array{point(json["R1"]), point(json["R2"]), point(json["K"]),
                                        point(json["C_"])})),
            text(json["e"]));
}

TEST(Dleq, IsProvedAsPublished) {
  const auto json = vectors("nut12")["deterministic_nonce"];
  const auto dleq = prove_dleq(scalar(json["a"]), point(json["B_"]), point(json["C_"]));
  EXPECT_EQ(crypto::Point::of(scalar(json["a"])).hex(), text(json["A"]));
  EXPECT_EQ(dleq, dleq_of(json));
  EXPECT_TRUE(dleq_holds(dleq, point(json["A"]), point(json["B_"]), point(json["C_"])));
}

TEST(Dleq, HoldsForThePublishedSignature) {
  const auto json = vectors("nut12")["blind_signature"];
  const auto dleq = dleq_of(json["sig"]["dleq"]);
  const auto a = point(json["A"]);
  const auto b = point(json["B_"]);
  const auto c = point(json["sig"]["C_"]);
  EXPECT_TRUE(dleq_holds(dleq, a, b, c));
  EXPECT_FALSE(dleq_holds(dleq, a, b, b.negated()));
  EXPECT_FALSE(dleq_holds(dleq, a, a, c));
  EXPECT_FALSE(dleq_holds(dleq, b, b, c));
}

TEST(Dleq, HoldsForThePublishedProof) {
  const auto json = vectors("nut12")["proof"];
  const auto& proof = json["proof"];
  const auto holds = [&](const Dleq& dleq, const crypto::Scalar& r, std::string_view secret) {
    return dleq_holds_for_proof(dleq, r, point(json["A"]), hash_to_curve(as_bytes(secret)),
                                point(proof["C"]));
  };
  const auto dleq = dleq_of(proof["dleq"]);
  const auto r = scalar(proof["dleq"]["r"]);
  const auto secret = text(proof["secret"]);
  EXPECT_TRUE(holds(dleq, r, secret));
  EXPECT_FALSE(holds(dleq, r.negated(), secret));
  EXPECT_FALSE(holds(dleq, r, secret + "0"));
  EXPECT_FALSE(holds(dleq, r, as_text(*from_hex(secret))));
}

TEST(Dleq, IsSpoiledByEveryBit) {
  const auto a = crypto::Scalar::random();
  const auto b = crypto::Point::of(crypto::Scalar::random());
  const auto c = b.times(a);
  const auto key = crypto::Point::of(a);
  const auto good = prove_dleq(a, b, c);
  ASSERT_TRUE(dleq_holds(good, key, b, c));
  for (std::size_t byte = 0; byte < 32; ++byte) {
    Dleq bad = good;
    bad.e[byte] ^= 1;
    EXPECT_FALSE(dleq_holds(bad, key, b, c));
    bad = good;
    bad.s[byte] ^= 0x80;
    EXPECT_FALSE(dleq_holds(bad, key, b, c));
  }
  EXPECT_FALSE(dleq_holds({}, key, b, c));
}

}  // namespace
}  // namespace archy::cashu
