#include <gtest/gtest.h>

#include "base/checked.hpp"
#include "base/fixed_bytes.hpp"
#include "base/hex.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/utf8.hpp"

namespace archy {
namespace {

TEST(Hex, RoundTripsAndRefusesUppercaseAndOddLengths) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xab, 0xff}), "00abff");
  EXPECT_EQ(*from_hex("00abff"), (Bytes{0x00, 0xab, 0xff}));
  EXPECT_FALSE(from_hex("ABFF"));
  EXPECT_FALSE(from_hex("abf"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(Bytes32, ParsesExactlySixtyFourDigits) {
  EXPECT_TRUE(Blake3Hash::parse_hex(std::string(64, 'a')));
  EXPECT_FALSE(Blake3Hash::parse_hex(std::string(63, 'a')));
  EXPECT_FALSE(Blake3Hash::parse_hex(std::string(65, 'a')));
}

TEST(Utf8, KnowsOverlongSurrogatesAndTruncation) {
  EXPECT_TRUE(is_utf8("grüße \xf0\x9f\x8f\x9d"));
  EXPECT_FALSE(is_utf8("\xc0\x80"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xe2\x82"));
}

TEST(Utf8, EscapesWhatCouldDriveATerminal) {
  EXPECT_EQ(escape_for_terminal("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(escape_for_terminal("\xff"), "\\xff");
  EXPECT_EQ(escape_for_terminal("\xc2\x9b"), "\\xc2\\x9b");
}

TEST(Checked, SaysWhenASumDoesNotFit) {
  EXPECT_EQ(checked_add<std::uint64_t>(1, 2), 3u);
  EXPECT_FALSE(checked_add<std::uint64_t>(~0ull, 1));
  EXPECT_FALSE(checked_mul<std::uint64_t>(1ull << 40, 1ull << 40));
}

template <class T>
concept Printable =
    requires(T t) { fmt::formatter<T>().format(t, std::declval<fmt::format_context&>()); };

TEST(Secret, HasNoFormatter) { static_assert(!Printable<Secret<std::array<std::uint8_t, 32>>>); }

TEST(Result, CarriesContextUpwards) {
  auto inner = [&]() -> Result<int> { return fail(Code::corrupt, "leaf 3"); };
  auto outer = [&]() -> Result<int> {
    TRY(value, inner());
    return value + 1;
  };
  EXPECT_EQ(outer().error().code, Code::corrupt);
  EXPECT_EQ(fail_in("blob", outer().error()).error().detail, "blob: leaf 3");
}

}  // namespace
}  // namespace archy
