#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "http/content_range.hpp"
#include "http/head_parser.hpp"
#include "http/url.hpp"

namespace archy::http {
namespace {

TEST(ContentRange, ReadsTheThreeForms) {
  EXPECT_EQ(*parse_content_range("bytes 0-99/1000"),
            (ContentRange{ContentRange::Span{0, 99}, 1000}));
  EXPECT_EQ(*parse_content_range("Bytes 5-5/*"), (ContentRange{ContentRange::Span{5, 5}, {}}));
  EXPECT_EQ(*parse_content_range("bytes */0"), (ContentRange{{}, 0}));
}

TEST(ContentRange, RefusesWhatContradictsItselfOrDoesNotFit) {
  for (const char* text :
       {"", "bytes", "bytes ", "bytes */*", "bytes 1-0/5", "bytes 0-5/5", "bytes 0-1/ 5",
        "bytes 0-1/5 ", "bytes 0 -1/5", "bytes -1/5", "bytes 0-/5", "bytes +0-1/5",
        "bytes 0-18446744073709551616/*", "bytes 0-1/18446744073709551616", "lines 0-1/5",
        "bytes=0-1/5", "bytes 0x0-1/5"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(ContentLength, IsDigitsOnly) {
  EXPECT_EQ(*parse_content_length("18446744073709551615"), ~std::uint64_t{0});
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1, 1", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_content_length(text)) << text;
  }
}

TEST(HeadParser, StartsOverAtEachStatusLine) {
  HeadParser parser;
  for (const char* line :
       {"HTTP/1.1 103 Early\r\n", "A: early\r\n", "\r\n", "HTTP/1.1 200\r\n", "B:\tlate \r\n"}) {
    ASSERT_TRUE(parser.add_line(line)) << line;
  }
  EXPECT_FALSE(parser.done());
  ASSERT_TRUE(parser.add_line("\r\n"));
  EXPECT_TRUE(parser.done());
  EXPECT_FALSE(parser.head().header("a"));
  EXPECT_EQ(parser.head().header("b"), "late");
  ASSERT_TRUE(parser.add_line("Trailer: x\r\n"));
  EXPECT_FALSE(parser.head().header("trailer"));
}

TEST(HeadParser, CountsEarlyAnswersAndTrailersToo) {
  HeadParser parser;
  std::size_t fed = 0;
  Result<> last;
  while (last) {
    last = parser.add_line("HTTP/1.1 100 Continue\r\n");
    fed += 23;
    ASSERT_LE(fed, limits::kHttpHeaderBytes + 23);
  }
  EXPECT_EQ(last.error().code, Code::peer_fault);
}

TEST(Url, NormalisesAndTellsItsOrigin) {
  const auto url = *parse_url("HTTP://Example.COM/a/../b#frag");
  EXPECT_EQ(url.scheme, "http");
  EXPECT_EQ(url.host, "example.com");
  EXPECT_EQ(url.origin, "http://example.com:80");
  EXPECT_EQ(url.text.find('#'), std::string::npos);
}

// Found by fuzz_http_url: one decoding away from another host.
TEST(Url, RefusesAHostThatMeansAnotherWhenReadAgain) {
  EXPECT_FALSE(parse_url("http://2%30/"));
  EXPECT_FALSE(resolve_redirect(*parse_url("http://h/"), "//2%30/x"));
  EXPECT_TRUE(parse_url("http://20.0.0.1/"));
}

TEST(Url, ResolvesRedirectsButNeverDownToHttp) {
  const auto base = *parse_url("https://h/a/b");
  EXPECT_EQ(resolve_redirect(base, "c")->text, "https://h/a/c");
  EXPECT_EQ(resolve_redirect(base, "//o/c")->text, "https://o/c");
  EXPECT_EQ(resolve_redirect(base, "http://h/").error().code, Code::denied);
  EXPECT_FALSE(resolve_redirect(base, "file:///x"));
}

TEST(Url, IsShownWithoutItsSecrets) {
  EXPECT_EQ(display_url("http://user:pw@h:81/p?sig=secret#f"), "http://h:81/p?...");
  EXPECT_EQ(display_url("https://h/p"), "https://h/p");
  EXPECT_EQ(display_url("not a url\nat all"), "(malformed URL)");
}

}  // namespace
}  // namespace archy::http
