// Request heads and bodies against Boost.Beast's parser: whatever ours accepts, Beast must accept
// and read the same way. (Ours refuses more, on purpose.) The body is fed in two splits.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/check.hpp"
#include "http/body_decoder.hpp"
#include "http/request_parser.hpp"

namespace {

namespace beast_http = boost::beast::http;
using archy::Bytes;
using archy::ByteView;

constexpr std::size_t kRoom = 1u << 20;

struct Body {
  bool bad = false;
  bool done = false;
  std::size_t used = 0;
  Bytes bytes;
  bool operator==(const Body&) const = default;
};

Body read_body(const archy::http::BodyFraming& framing, ByteView input, std::size_t step) {
  Body out;
  archy::http::BodyDecoder decoder(framing);
  while (out.used < input.size() && !decoder.done()) {
    const auto piece = input.subspan(out.used);
    const auto used = decoder.feed(piece.first(std::min(step, piece.size())),
                                   kRoom - out.bytes.size(), out.bytes);
    out.bad = !used.has_value();
    if (out.bad || *used == 0) break;
    out.used += *used;
  }
  out.done = decoder.done();
  if (out.bad) {
    out.bytes.clear();
    out.used = 0;
  }
  return out;
}

// Requires: the head and the whole body are in `input`, which may go on after them.
void compare(const archy::http::RequestHead& head, const Body& body, ByteView input,
             std::size_t head_bytes) {
  beast_http::request_parser<beast_http::string_body> parser;
  parser.header_limit(64u << 10);
  parser.body_limit(boost::none);
  parser.eager(true);
  std::size_t used = 0;
  boost::system::error_code error;
  while (!parser.is_done()) {
    const auto rest = input.subspan(used);
    const auto n = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    used += n;
    if (error || n == 0) break;
  }
  CHECK(!error);
  CHECK(parser.is_done());
  const auto& message = parser.get();
  CHECK(std::string_view(message.method_string()) == head.request.method);
  CHECK(std::string_view(message.target()) == head.request.target);
  CHECK(message.version() == (head.http10 ? 10u : 11u));
  CHECK(parser.keep_alive() == head.keep_alive || head.http10);
  std::size_t fields = 0;
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    CHECK(head.request.count(name) == message.count(field.name_string()));
    if (head.request.count(name) == 1) {
      CHECK(*head.request.header(name) == std::string_view(field.value()));
    }
    ++fields;
  }
  CHECK(fields == head.request.headers.size());
  CHECK(archy::equal(body.bytes, archy::as_bytes(message.body())));
  CHECK(used == head_bytes + body.used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto head = archy::http::parse_request_head(input);
  if (!head) {
    CHECK(head.error().status >= 400 && head.error().status < 600);
    return 0;
  }
  if (!*head) {
    CHECK(size <= archy::limits::kHttpRequestHeadBytes + 2);
    return 0;
  }
  CHECK((*head)->size_bytes <= size);
  const auto rest = input.subspan((*head)->size_bytes);
  const Body body = read_body((*head)->body, rest, rest.size());
  CHECK(read_body((*head)->body, rest, 1) == body);
  // Beast knows no empty line before the request.
  const std::size_t skipped = archy::as_text(input).starts_with("\r\n") ? 2 : 0;
  if (body.done) compare(**head, body, input.subspan(skipped), (*head)->size_bytes - skipped);
  return 0;
}
