#include "wire/base32.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace archy::wire {
namespace {

constexpr char kIdHex[] = "fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618";

TEST(Base32, WritesTheWorkedExamples) {
  const Bytes id = *from_hex(kIdHex);
  EXPECT_EQ(to_base32(id), "7ulsioc2uddvwzh3pdgwal5b3gi7327xnmj4ldwxalvmqnpj6yma");
  EXPECT_EQ(to_zbase32(id), "9wm1eqn4wddis385xdgsym7b5ge9549zpcjhmdszymicopxj6acy");
  EXPECT_EQ(*from_base32("7ulsioc2uddvwzh3pdgwal5b3gi7327xnmj4ldwxalvmqnpj6yma"), id);
  EXPECT_EQ(*from_base32("7ULSIOC2UDDVWZH3PDGWAL5B3GI7327XNMJ4LDWXALVMQNPJ6YMA"), id);
  EXPECT_EQ(*from_zbase32("9wm1eqn4wddis385xdgsym7b5ge9549zpcjhmdszymicopxj6acy"), id);
  EXPECT_EQ(to_base32(as_bytes("foobar")), "mzxw6ytboi");
  EXPECT_EQ(to_base32({}), "");
}

TEST(Base32, EveryLengthRoundTrips) {
  Bytes bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(*from_base32(to_base32(bytes)), bytes);
    EXPECT_EQ(*from_zbase32(to_zbase32(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 37 + 11));
  }
}

TEST(Base32, RefusesWhatNoWriterMakes) {
  for (const char* text :
       {"a", "aaa", "aaaaaa", "ab", "a1", "a8", "m=", "mz ", "mzxw6yt\xc3", "aaaab"}) {
    EXPECT_FALSE(from_base32(text).has_value()) << text;
  }
  EXPECT_FALSE(from_zbase32("YY").has_value());
  EXPECT_FALSE(from_zbase32("yv").has_value());
}

}  // namespace
}  // namespace archy::wire
