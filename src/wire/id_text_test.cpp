#include "wire/id_text.hpp"

#include <gtest/gtest.h>

namespace archy::wire {
namespace {

constexpr char kHex[] = "fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618";

TEST(IdText, ReadsHexAndBase32AsIrohDoes) {
  EXPECT_EQ(parse_endpoint_id_text(kHex)->hex(), kHex);
  EXPECT_EQ(parse_endpoint_id_text("7ulsioc2uddvwzh3pdgwal5b3gi7327xnmj4ldwxalvmqnpj6yma")->hex(),
            kHex);
  EXPECT_EQ(parse_endpoint_id_text("7ULSIOC2UDDVWZH3PDGWAL5B3GI7327XNMJ4LDWXALVMQNPJ6YMA")->hex(),
            kHex);
  EXPECT_EQ(short_id(*parse_endpoint_id_text(kHex)), "fd1724385a");
}

TEST(IdText, RefusesUpperCaseHexAndOtherLengths) {
  std::string upper = kHex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& text :
       {upper, std::string(), std::string("00"), std::string(kHex) + "0", std::string(64, 'g'),
        std::string(52, '1'), std::string(51, 'a'), std::string(52, 'b')}) {
    EXPECT_FALSE(parse_endpoint_id_text(text).has_value()) << text;
    EXPECT_FALSE(parse_hash_text(text).has_value()) << text;
  }
}

TEST(IdText, HashAndFormatRoundTrips) {
  for (const std::string& text : {std::string(kHex), "s" + std::string(kHex)}) {
    auto parsed = parse_hash_and_format(text);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->hash_seq, text[0] == 's');
    EXPECT_EQ(to_string(*parsed), text);
  }
  EXPECT_FALSE(parse_hash_and_format("r" + std::string(kHex)).has_value());
  EXPECT_FALSE(parse_hash_and_format("ss" + std::string(kHex)).has_value());
  EXPECT_FALSE(parse_hash_and_format("s").has_value());
}

}  // namespace
}  // namespace archy::wire
