#include "crypto/bip32.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::crypto {
namespace {

// Source: RFC 4231 sections 4.2, 4.7.
TEST(HmacSha512, GivesThePublishedAnswers) {
  EXPECT_EQ(to_hex(hmac_sha512(Bytes(20, 0x0b), as_bytes("Hi There")).reveal()),
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
            "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
  EXPECT_EQ(to_hex(hmac_sha512(Bytes(131, 0xaa),
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                       .reveal()),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
            "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

// Source: BIP-32, test vector 1: the private keys inside its xprv strings.
TEST(ExtendedKey, GrowsThePublishedTree) {
  auto key = ExtendedKey::master(*from_hex("000102030405060708090a0b0c0d0e0f"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->key().reveal()),
            "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35");
  const std::pair<std::uint32_t, const char*> path[] = {
      {ExtendedKey::kHardened, "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"},
      {1, "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"},
      {ExtendedKey::kHardened + 2,
       "cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca"},
      {2, "0f479245fb19a38a1954c5c7c0ebab2f9bdfd96a17563ef28a6a4b1a2a764ef4"},
      {1000000000, "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8"},
  };
  for (const auto& [index, expected] : path) {
    key = key->child(index);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->key().reveal()), expected) << index;
    const auto both = key->first_two();
    ASSERT_TRUE(both);
    EXPECT_EQ(both->first.key(), key->child(0)->key());
    EXPECT_EQ(both->second.key(), key->child(1)->key());
    EXPECT_EQ(both->second.child(ExtendedKey::kHardened)->key(),
              key->child(1)->child(ExtendedKey::kHardened)->key());
  }
}

}  // namespace
}  // namespace archy::crypto
