#include "crypto/seal.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::crypto {
namespace {

SealKey key_of(std::uint8_t first) {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return SealKey(bytes);
}

// The test vector of draft-irtf-cfrg-xchacha-03, A.3.1.
TEST(Seal, IsXChaCha20Poly1305) {
  SealNonce nonce{};
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(0x40 + i);
  const Bytes bound = from_hex("50515253c0c1c2c3c4c5c6c7").value();
  const std::string_view plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const Bytes sealed = seal(key_of(0x80), nonce, as_bytes(plain), as_text(bound));
  EXPECT_EQ(to_hex(ByteView(sealed).subspan(24, 16)), "bd6d179d3e83d43b9576579493c0e939");
  EXPECT_EQ(to_hex(ByteView(sealed).last(16)), "c0875924c1c7987947deafd8780acf49");
  const auto opened = open_sealed(key_of(0x80), sealed, as_text(bound));
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->reveal()), plain);
}

TEST(Seal, OpensWithItsKeyInItsPlaceUnchanged) {
  const Bytes sealed = seal(key_of(1), SealNonce{}, as_bytes("ecash"), "request 1");
  EXPECT_TRUE(open_sealed(key_of(1), sealed, "request 1"));
  EXPECT_FALSE(open_sealed(key_of(2), sealed, "request 1"));
  EXPECT_FALSE(open_sealed(key_of(1), sealed, "request 2"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    const auto opened = open_sealed(key_of(1), changed, "request 1");
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error().code, Code::corrupt);
  }
  for (std::size_t cut = 0; cut < sealed.size(); ++cut)
    EXPECT_FALSE(open_sealed(key_of(1), ByteView(sealed).first(cut), "request 1"));
}

TEST(Seal, OfNothingIsSomething) {
  const Bytes sealed = seal(key_of(1), SealNonce{}, {}, "");
  EXPECT_EQ(sealed.size(), kSealOverheadBytes);
  EXPECT_TRUE(open_sealed(key_of(1), sealed, "")->reveal().empty());
}

}  // namespace
}  // namespace archy::crypto
