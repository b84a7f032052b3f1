#include "rpc/content_port.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "http/byte_ranges.hpp"
#include "http/entity_tags.hpp"
#include "rpc/content_target.hpp"

namespace archy::rpc {
namespace {

// What one read and one write carry: enough to be cheap, little enough to stay in the cache.
constexpr std::size_t kPieceBytes = 256u << 10;

// On every response, errors included.
#define ARCHY_SAFE_LINES                                                                      \
  "Access-Control-Allow-Origin: *\r\n"                                                        \
  "Cross-Origin-Resource-Policy: cross-origin\r\n"                                            \
  "X-Content-Type-Options: nosniff\r\n"                                                       \
  "Content-Security-Policy: default-src 'none'; img-src 'self'; media-src 'self'; style-src " \
  "'unsafe-inline'; sandbox\r\n"                                                              \
  "Referrer-Policy: no-referrer\r\n"
constexpr std::string_view kSafeLines = ARCHY_SAFE_LINES;
// On those that hold for ever.
constexpr std::string_view kLastingLines = ARCHY_SAFE_LINES
    "Access-Control-Expose-Headers: Accept-Ranges, Content-Length, Content-Range, ETag\r\n"
    "Cache-Control: public, max-age=31536000, immutable\r\n"
    "Accept-Ranges: bytes\r\n";
#undef ARCHY_SAFE_LINES

http::ServerResponse plain(int status) {
  http::ServerResponse out{.status = status, .constant_lines = kSafeLines};
  out.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

http::ServerResponse preflight() {
  http::ServerResponse out{.status = 204, .constant_lines = kSafeLines};
  out.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
  out.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
  out.headers.emplace_back("Access-Control-Allow-Headers", "Range, If-Range, If-None-Match");
  out.headers.emplace_back("Access-Control-Max-Age", "86400");
  return out;
}

// The hash is the content: strong, and the same for ever.
std::string etag_of(const ContentTarget& target) {
  const auto* suffix = target.part == ContentPart::outboard ? ".obao4" : "";
  return "\"" + target.hash.hex() + suffix + "\"";
}

std::string media_type(const ContentTarget& target) {
  return std::string(target.part == ContentPart::outboard ? "application/octet-stream"
                                                          : content_type(target.extension));
}

http::ServerResponse lasting(int status, const std::string& etag) {
  http::ServerResponse out{.status = status, .constant_lines = kLastingLines};
  out.headers.reserve(4);
  out.headers.emplace_back("ETag", etag);
  return out;
}

// 304 and 412 before any range. Source: RFC 9110 section 13.2.2. There is no Last-Modified, so
// dates are no conditions here. 0: go on.
int judge_conditions(const http::ServerRequest& request, std::string_view etag) {
  using http::TagComparison;
  const auto match = request.header("if-match");
  if (match && !http::names_tag(*match, etag, TagComparison::strong)) return 412;
  const auto none = request.header("if-none-match");
  if (none && http::names_tag(*none, etag, TagComparison::weak)) return 304;
  return 0;
}

http::RangeDecision ranges_of(const http::ServerRequest& request, std::string_view etag,
                              std::uint64_t size) {
  const auto range = request.header("range");
  if (!range || request.count("range") > 1 || request.method != "GET") return {};
  const auto if_range = request.header("if-range");
  if (if_range && !http::if_range_holds(*if_range, etag)) return {};
  return http::decide_ranges(*range, size);
}

std::string content_range(const http::ByteSpan& span, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", span.first, span.last, size);
}

}  // namespace

struct ContentPort::Part {
  std::string before;
  http::ByteSpan span;
};

rt::Task<> ContentPort::handle(http::ServerExchange& exchange) {
  ++counts_.requests;
  const auto& method = exchange.request().method;
  if (method == "OPTIONS") co_return co_await exchange.send(preflight(), "");
  if (method != "GET" && method != "HEAD") {
    auto refused = plain(405);
    refused.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    co_return co_await exchange.send(std::move(refused), "only GET and HEAD\n");
  }
  co_return co_await get(exchange);
}

rt::Task<> ContentPort::refuse(http::ServerExchange& exchange, const Error& why) {
  if (why.code == Code::cancelled) co_return fail(why);
  int status = 500;
  if (why.code == Code::not_found) status = 404;
  if (why.code == Code::try_later) status = 503;
  if (why.code == Code::timed_out || why.code == Code::unreachable) status = 504;
  if (status == 404) ++counts_.not_found;
  auto response = plain(status);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  const std::string text = status == 404 ? "no such blob\n" : "the blob cannot be read now\n";
  co_return co_await exchange.send(std::move(response), text);
}

rt::Task<> ContentPort::get(http::ServerExchange& exchange) {
  const auto& request = exchange.request();
  const auto target = parse_content_target(request.path());
  if (!target) co_return co_await refuse(exchange, Error{.code = Code::not_found, .detail = {}});
  const auto stop = exchange.stop_token();
  auto opened = co_await source_.open(target->hash, target->part, stop);
  if (!opened) co_return co_await refuse(exchange, opened.error());
  ContentReader& reader = **opened;

  const std::string etag = etag_of(*target);
  if (const int status = judge_conditions(request, etag); status != 0) {
    co_return co_await exchange.send(lasting(status, etag), "");
  }
  auto size = co_await reader.size(stop);
  if (!size) co_return co_await refuse(exchange, size.error());

  const auto ranges = ranges_of(request, etag, *size);
  const std::string type = media_type(*target);
  std::vector<Part> parts;
  std::string after;
  if (ranges.kind == http::RangeKind::unsatisfiable) {
    auto response = plain(416);
    response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", *size));
    co_return co_await exchange.send(std::move(response), "no such range\n");
  }
  auto response = lasting(ranges.kind == http::RangeKind::whole ? 200 : 206, etag);
  if (ranges.kind == http::RangeKind::whole) {
    if (*size > 0) parts.push_back({.before = {}, .span = {0, *size - 1}});
  } else if (ranges.spans.size() == 1) {
    parts.push_back({.before = {}, .span = ranges.spans[0]});
    response.headers.emplace_back("Content-Range", content_range(ranges.spans[0], *size));
  } else {
    // No blob can hold its own hash, so the boundary stands nowhere in a part.
    const auto boundary = target->hash.hex();
    for (const auto& span : ranges.spans) {
      parts.push_back({.before = fmt::format(
                           "{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                           parts.empty() ? "" : "\r\n", boundary, type, content_range(span, *size)),
                       .span = span});
    }
    after = fmt::format("\r\n--{}--\r\n", boundary);
    response.headers.emplace_back("Content-Type", "multipart/byteranges; boundary=" + boundary);
  }
  if (after.empty()) response.headers.emplace_back("Content-Type", type);
  co_return co_await send_parts(exchange, std::move(response), std::move(parts), std::move(after),
                                reader);
}

rt::Task<> ContentPort::send_parts(http::ServerExchange& exchange, http::ServerResponse response,
                                   std::vector<Part> parts, std::string after,
                                   ContentReader& reader) {
  std::uint64_t length = after.size();
  for (const Part& part : parts) length += part.before.size() + part.span.size();
  ByteView first_piece;
  if (exchange.wants_body() && !parts.empty()) {
    const auto& span = parts[0].span;
    const auto most = std::min<std::uint64_t>(span.size(), kPieceBytes);
    auto piece = co_await reader.read(span.first, most, exchange.stop_token());
    if (!piece) co_return co_await refuse(exchange, piece.error());
    first_piece = *piece;
  }
  CO_TRY_OK(co_await exchange.begin(std::move(response), length));
  if (!exchange.wants_body()) co_return co_await exchange.finish();
  for (const Part& part : parts) {
    auto copied = co_await copy(exchange, reader, part, first_piece);
    if (!copied) {
      ++counts_.broken_off;
      co_return fail(copied.error());
    }
    first_piece = {};
  }
  if (!after.empty()) CO_TRY_OK(co_await exchange.write(as_bytes(after)));
  co_return co_await exchange.finish();
}

rt::Task<> ContentPort::copy(http::ServerExchange& exchange, ContentReader& reader,
                             const Part& part, ByteView first_piece) {
  if (!part.before.empty()) CO_TRY_OK(co_await exchange.write(as_bytes(part.before)));
  ByteView piece = first_piece;
  for (std::uint64_t at = part.span.first; at <= part.span.last;) {
    if (piece.empty()) {
      const auto most = std::min<std::uint64_t>(part.span.last - at + 1, kPieceBytes);
      CO_TRY(next, co_await reader.read(at, most, exchange.stop_token()));
      piece = next;
    }
    CO_TRY_OK(co_await exchange.write(piece));
    counts_.body_bytes += piece.size();
    at += piece.size();
    piece = {};
  }
  co_return Result<>{};
}

}  // namespace archy::rpc
