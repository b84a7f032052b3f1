#include "crypto/sha256.hpp"

#include <gtest/gtest.h>

namespace archy::crypto {
namespace {

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, DoesNotCareHowTheStreamIsSplit) {
  const Bytes data(1000, 'x');
  for (std::size_t step : {1, 63, 64, 65, 999}) {
    Sha256 hasher;
    for (std::size_t at = 0; at < data.size(); at += step)
      hasher.update(ByteView(data).subspan(at, std::min(step, data.size() - at)));
    EXPECT_EQ(hasher.finish(), sha256(data)) << step;
  }
}

}  // namespace
}  // namespace archy::crypto
