#include "crypto/ed25519.hpp"

#include <gtest/gtest.h>

namespace archy::crypto {
namespace {

Ed25519Seed seed_of(std::uint8_t byte) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(byte);
  return Ed25519Seed(bytes);
}
EndpointId id(std::string_view hex) { return EndpointId::parse_hex(hex).value(); }

TEST(Ed25519, SeedsGiveTheKnownIrohIds) {
  const std::pair<int, const char*> vectors[] = {
      {9, "fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618"},
      {7, "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"},
      {5, "6e7a1cdd29b0b78fd13af4c5598feff4ef2a97166e3ca6f2e4fbfccd80505bf1"},
  };
  for (const auto& [byte, hex] : vectors) {
    const EndpointId key = ed25519_public_key(seed_of(static_cast<std::uint8_t>(byte)));
    EXPECT_EQ(key.hex(), hex);
    EXPECT_TRUE(is_valid_public_key(key));
  }
}

// Source: RFC 8032 section 7.1, test 2.
TEST(Ed25519, SignsAsTheRfcSays) {
  std::array<std::uint8_t, 32> bytes;
  ASSERT_TRUE(
      from_hex_into("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", bytes));
  const Ed25519Seed seed(bytes);
  const Bytes message{0x72};
  EXPECT_EQ(ed25519_public_key(seed).hex(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(ed25519_sign(seed, message)),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Ed25519, AnyChangedBitFailsVerification) {
  const Ed25519Seed seed = seed_of(9);
  const EndpointId key = ed25519_public_key(seed);
  const Bytes message = to_bytes(as_bytes("hello"));
  const Ed25519Signature signature = ed25519_sign(seed, message);
  EXPECT_TRUE(ed25519_verify(key, message, signature));
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Ed25519Signature flipped = signature;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(ed25519_verify(key, message, flipped)) << bit;
  }
  EXPECT_FALSE(ed25519_verify(key, as_bytes("hellO"), signature));
  EXPECT_FALSE(ed25519_verify(ed25519_public_key(seed_of(7)), message, signature));
}

TEST(Ed25519, SmallOrderKeysArePointsButVerifyNothing) {
  // The neutral element and R = neutral, S = 0: valid under the lax equation for every message.
  const EndpointId neutral = id("0100000000000000000000000000000000000000000000000000000000000000");
  Ed25519Signature signature{};
  signature[0] = 1;
  EXPECT_TRUE(is_valid_public_key(neutral));
  EXPECT_FALSE(ed25519_verify(neutral, as_bytes("any"), signature));
}

TEST(Ed25519, AKeyThatIsNoPointIsInvalid) {
  // y = 2 has no x on the curve.
  EXPECT_FALSE(
      is_valid_public_key(id("0200000000000000000000000000000000000000000000000000000000000000")));
  // y = p + 1 is y = 1 written non-canonically: curve25519-dalek decompresses it, so do we.
  EXPECT_TRUE(
      is_valid_public_key(id("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));
}

}  // namespace
}  // namespace archy::crypto
