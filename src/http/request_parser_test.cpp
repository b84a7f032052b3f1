#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include "http/body_decoder.hpp"

namespace archy::http {
namespace {

std::string head(std::string_view line, std::string_view fields) {
  return std::string(line) + "\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

// 200: accepted; 0: more is needed.
int verdict(std::string_view text) {
  const auto parsed = parse_request_head(as_bytes(text));
  if (!parsed) return parsed.error().status;
  return parsed->has_value() ? 200 : 0;
}

TEST(RequestParser, ReadsLineFieldsAndFraming) {
  const std::string text =
      "\r\nPOST /a/b?c=d HTTP/1.1\r\nHost: x:1\r\nX-Odd:  two words \t\r\nEmpty:\r\n"
      "content-LENGTH: 5\r\nExpect: 100-Continue\r\n\r\nhello";
  const auto parsed = parse_request_head(as_bytes(text));
  ASSERT_TRUE(parsed && *parsed);
  const RequestHead& out = **parsed;
  EXPECT_EQ(out.request.method, "POST");
  EXPECT_EQ(out.request.target, "/a/b?c=d");
  EXPECT_EQ(out.request.path(), "/a/b");
  EXPECT_EQ(out.request.header("x-odd"), "two words");
  EXPECT_EQ(out.request.header("empty"), "");
  EXPECT_EQ(out.request.header("absent"), std::nullopt);
  EXPECT_EQ(out.body.length, 5u);
  EXPECT_FALSE(out.body.chunked);
  EXPECT_TRUE(out.expects_continue);
  EXPECT_TRUE(out.keep_alive);
  EXPECT_EQ(out.size_bytes, text.size() - 5);
}

TEST(RequestParser, RefusesWhatCouldBeReadInTwoWays) {
  struct Case {
    const char* what;
    std::string text;
    int status;
  };
  const Case cases[] = {
      {"plain", head("GET / HTTP/1.1", ""), 200},
      {"star of OPTIONS", head("OPTIONS * HTTP/1.1", ""), 200},
      {"star of GET", head("GET * HTTP/1.1", ""), 400},
      {"absolute form", head("GET http://a/ HTTP/1.1", ""), 400},
      {"authority form", head("CONNECT a:1 HTTP/1.1", ""), 400},
      {"fragment", head("GET /#x HTTP/1.1", ""), 400},
      {"backslash", head("GET /\\x HTTP/1.1", ""), 400},
      {"bytes above ASCII in target", head("GET /\xc3\xa9 HTTP/1.1", ""), 400},
      {"two spaces", head("GET  / HTTP/1.1", ""), 400},
      {"tab for space", head("GET\t/ HTTP/1.1", ""), 400},
      {"space at the end", head("GET / HTTP/1.1 ", ""), 400},
      {"no version", head("GET /", ""), 400},
      {"version 2", head("GET / HTTP/2.0", ""), 505},
      {"version 1.2", head("GET / HTTP/1.2", ""), 505},
      {"lower-case version", head("GET / http/1.1", ""), 400},
      {"bad method", head("G(T / HTTP/1.1", ""), 400},
      {"long method", head(std::string(33, 'A') + " / HTTP/1.1", ""), 400},
      {"long target", head("GET /" + std::string(8192, 'a') + " HTTP/1.1", ""), 414},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"no host in 1.0", "GET / HTTP/1.0\r\n\r\n", 200},
      {"two hosts", head("GET / HTTP/1.1", "Host: a\r\n"), 400},
      {"two hosts in 1.0", head("GET / HTTP/1.0", "hOST: b\r\n"), 400},
      {"space before colon", head("GET / HTTP/1.1", "X : 1\r\n"), 400},
      {"no colon", head("GET / HTTP/1.1", "X\r\n"), 400},
      {"no name", head("GET / HTTP/1.1", ": 1\r\n"), 400},
      {"folded", head("GET / HTTP/1.1", "X: 1\r\n 2\r\n"), 400},
      {"folded by tab", head("GET / HTTP/1.1", "X: 1\r\n\t2\r\n"), 400},
      {"space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"bare LF", head("GET / HTTP/1.1", "X: 1\nY: 2\r\n"), 400},
      {"bare CR", head("GET / HTTP/1.1", "X: 1\rY: 2\r\n"), 400},
      {"bare CR in the line", head("GET /\r HTTP/1.1", ""), 400},
      {"NUL", head("GET / HTTP/1.1", std::string("X: 1\0\r\n", 7)), 400},
      {"DEL", head("GET / HTTP/1.1", "X: \x7f\r\n"), 400},
      {"bytes above ASCII in a value", head("GET / HTTP/1.1", "X: \xc3\xa9\r\n"), 200},
      {"length", head("POST / HTTP/1.1", "Content-Length: 3\r\n"), 200},
      {"length twice alike", head("POST / HTTP/1.1", "Content-Length: 3\r\nContent-Length: 3\r\n"),
       400},
      {"length twice", head("POST / HTTP/1.1", "Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
      {"length list", head("POST / HTTP/1.1", "Content-Length: 3, 3\r\n"), 400},
      {"length sign", head("POST / HTTP/1.1", "Content-Length: +3\r\n"), 400},
      {"length hex", head("POST / HTTP/1.1", "Content-Length: 0x3\r\n"), 400},
      {"length empty", head("POST / HTTP/1.1", "Content-Length:\r\n"), 400},
      {"length 2^64", head("POST / HTTP/1.1", "Content-Length: 18446744073709551616\r\n"), 400},
      {"chunked", head("POST / HTTP/1.1", "Transfer-Encoding: Chunked\r\n"), 200},
      {"chunked in 1.0", head("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"), 400},
      {"chunked twice",
       head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       400},
      {"chunked list", head("POST / HTTP/1.1", "Transfer-Encoding: chunked, chunked\r\n"), 400},
      {"gzip", head("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\n"), 400},
      {"identity", head("POST / HTTP/1.1", "Transfer-Encoding: identity\r\n"), 400},
      {"vertical tab", head("POST / HTTP/1.1", "Transfer-Encoding: \vchunked\r\n"), 400},
      {"both", head("POST / HTTP/1.1", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"both, other order",
       head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
      {"expectation", head("POST / HTTP/1.1", "Expect: magic\r\n"), 417},
      {"not all there", "GET / HTTP/1.1\r\nHost: a\r\n", 0},
      {"nothing there", "", 0},
      {"two empty lines first", "\r\n\r\n" + head("GET / HTTP/1.1", ""), 400},
  };
  for (const auto& [what, text, status] : cases) EXPECT_EQ(verdict(text), status) << what;
}

TEST(RequestParser, CapsTheHeadAndTheNumberOfFields) {
  std::string fields;
  for (std::size_t i = 1; i < limits::kHttpRequestFields; ++i) fields += "X: y\r\n";
  EXPECT_EQ(verdict(head("GET / HTTP/1.1", fields)), 200);
  EXPECT_EQ(verdict(head("GET / HTTP/1.1", fields + "X: y\r\n")), 431);
  const std::string big(limits::kHttpRequestHeadBytes, 'a');
  EXPECT_EQ(verdict(head("GET / HTTP/1.1", "X: " + big + "\r\n")), 431);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: " + big), 431);  // without waiting for its end
}

TEST(RequestParser, KnowsWhichConnectionsStayOpen) {
  const auto keeps = [](std::string_view line, std::string_view fields) {
    return (**parse_request_head(as_bytes(head(line, fields)))).keep_alive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1", ""));
  EXPECT_FALSE(keeps("GET / HTTP/1.1", "Connection: x, CLOSE\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0", ""));
  EXPECT_TRUE(keeps("GET / HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

struct Decoded {
  Bytes body;
  std::size_t used = 0;
  bool done = false;
  bool bad = false;
};

// In pieces of `step` bytes.
Decoded decode(BodyFraming framing, std::string_view text, std::size_t step) {
  Decoded out;
  BodyDecoder decoder(framing);
  for (ByteView rest = as_bytes(text); !rest.empty() && !decoder.done();) {
    const auto used = decoder.feed(rest.first(std::min(step, rest.size())), 1u << 20, out.body);
    if (!used) {
      out.bad = true;
      return out;
    }
    out.used += *used;
    rest = rest.subspan(*used);
  }
  out.done = decoder.done();
  return out;
}

TEST(BodyDecoder, ReadsChunksInAnySplitAndStopsAtTheirEnd) {
  const std::string text = "5\r\nhello\r\n1\r\n,\r\n00a\r\n0123456789\r\n0\r\n\r\nGET";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const auto out = decode({.chunked = true, .length = 0}, text, step);
    ASSERT_TRUE(out.done) << step;
    EXPECT_EQ(as_text(out.body), "hello,0123456789") << step;
    EXPECT_EQ(out.used, text.size() - 3) << step;
  }
  const auto plain = decode({.chunked = false, .length = 4}, "abcdef", 3);
  EXPECT_TRUE(plain.done);
  EXPECT_EQ(as_text(plain.body), "abcd");
}

TEST(BodyDecoder, RefusesMalformedChunks) {
  const std::string cases[] = {"\r\n",
                               "x\r\n",
                               "-1\r\n",
                               "+1\r\n",
                               "0x1\r\n",
                               " 1\r\n",
                               "1\nab",
                               "1\r\nab\r\n",
                               "1\r\na\n",
                               "1\r\na\r0\r\n",
                               "1;a=b\r\n",
                               "1 \r\n",
                               "0\r\nX: y\r\n",
                               "0\r\n: x\r\n",
                               "1 2\r\n",
                               "1\r\r\n",
                               "1;\x01\r\n",
                               "1\r\na0\r\n\r\n",
                               "10000000000000000\r\n",
                               "0\r\n\rx",
                               "0\r\nX\ny",
                               std::string(300, '1')};
  for (const auto& text : cases) {
    EXPECT_TRUE(decode({.chunked = true, .length = 0}, text, 7).bad) << text;
  }
}

TEST(BodyDecoder, TakesNoMoreThanThereIsRoomFor) {
  BodyDecoder decoder({.chunked = true, .length = 0});
  Bytes out;
  const auto used = decoder.feed(as_bytes("8\r\n01234567\r\n0\r\n\r\n"), 3, out);
  ASSERT_TRUE(used);
  EXPECT_EQ(as_text(out), "012");
  EXPECT_EQ(*decoder.feed(as_bytes("34567\r\n"), 0, out), 0u);
}

}  // namespace
}  // namespace archy::http
