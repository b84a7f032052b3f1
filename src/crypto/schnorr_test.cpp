#include "crypto/schnorr.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace archy::crypto {
namespace {

// Source: BIP-340, test-vectors.csv, rows 0, 3, 5 (no such point), 6 (odd y of R), 8 (negated s).
TEST(Schnorr, AgreesWithThePublishedVectors) {
  const struct {
    const char *key, *digest, *signature;
    bool valid;
  } rows[] = {
      {"f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
       "0000000000000000000000000000000000000000000000000000000000000000",
       "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
       "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0",
       true},
      {"25d1dff95105f5253c4022f628a996ad3a0d95fbf21d468a1b33f8c160d8f517",
       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       "7eb0509757e246f19449885651611cb965ecc1a187dd51b64fda1edc9637d5ec"
       "97582b9cb13db3933705b32ba982af5af25fd78881ebb32771fc5922efc66ea3",
       true},
      {"eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34",
       "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
       "6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769"
       "69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
       false},
      {"dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
       "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
       "fff97bd5755eeea420453a14355235d382f6472f8568a18b2f057a1460297556"
       "3cc27944640ac607cd107ae10923d9ef7a73c643e166be5ebeafa34b1ac553e2",
       false},
      {"dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
       "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
       "6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769"
       "961764b3aa9b2ffcb6ef947b6887a226e8d7c93e00c5ed0c1834ff0d0c2e6da6",
       false},
  };
  for (const auto& row : rows) {
    XOnlyKey key;
    Sha256Digest digest;
    SchnorrSignature signature;
    ASSERT_TRUE(from_hex_into(row.key, key));
    ASSERT_TRUE(from_hex_into(row.digest, digest.bytes));
    ASSERT_TRUE(from_hex_into(row.signature, signature));
    EXPECT_EQ(schnorr_verify(key, digest, signature), row.valid) << row.key;
  }
}

TEST(Schnorr, VerifiesWhatItSignedAndNothingElse) {
  const Scalar key = Scalar::random();
  const Sha256Digest digest = sha256(as_bytes("message"));
  const XOnlyKey id = Point::of(key).x_only();
  SchnorrSignature signature = schnorr_sign(key, digest);
  EXPECT_TRUE(schnorr_verify(id, digest, signature));
  EXPECT_NE(schnorr_sign(key, digest), signature);
  EXPECT_FALSE(schnorr_verify(id, sha256(as_bytes("messagf")), signature));
  EXPECT_FALSE(schnorr_verify(Point::of(Scalar::random()).x_only(), digest, signature));
  signature[63] ^= 1;
  EXPECT_FALSE(schnorr_verify(id, digest, signature));
}

TEST(Ecdsa, RefusesARecoveryNumberThatIsNone) {
  for (const int recovery : {4, 255}) {
    EXPECT_FALSE(ecdsa_recover({}, EcdsaSignature{1}, static_cast<std::uint8_t>(recovery)));
  }
  EXPECT_FALSE(ecdsa_recover({}, EcdsaSignature{}, 0));
}

}  // namespace
}  // namespace archy::crypto
