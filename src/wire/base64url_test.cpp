#include "wire/base64url.hpp"

#include <gtest/gtest.h>

namespace archy::wire {
namespace {

TEST(Base64Url, WritesTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"f", "Zg"},
      {"fo", "Zm8"},
      {"foo", "Zm9v"},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff", "-_8"},
  };
  for (const auto& [plain, text] : cases) {
    EXPECT_EQ(to_base64url(as_bytes(plain)), text);
    EXPECT_EQ(as_text(*from_base64url(text)), plain);
  }
  EXPECT_EQ(as_text(*from_base64url("Zg==")), "f");
  EXPECT_EQ(as_text(*from_base64url("Zm8=")), "fo");
}

TEST(Base64Url, RefusesWhatNoWriterMakes) {
  for (const char* text :
       {"Z", "Zg=", "Zg===", "=", "====", "Zh", "Zm9", "+/8", "Zg==Zg==", "Z g", "Zm9v="}) {
    EXPECT_FALSE(from_base64url(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace archy::wire
