#include "crypto/hmac_sha256.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::crypto {
namespace {

// Source: RFC 4231 sections 4.2, 4.3, 4.7.
TEST(HmacSha256, GivesThePublishedAnswers) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, 0xaa),
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(EqualInConstantTime, ComparesLengthAndEveryByte) {
  const Bytes a(32, 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    Bytes b = a;
    b[i] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(a, b)) << i;
  }
  EXPECT_TRUE(equal_in_constant_time(a, Bytes(a)));
  EXPECT_FALSE(equal_in_constant_time(a, ByteView(a).first(31)));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

}  // namespace
}  // namespace archy::crypto
