// The head of a request, read strictly: what this parser reads, every other one reads the same way,
// so nothing can be smuggled past a check in front of us. Pure: bytes in, head or refusal out.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "http/server.hpp"

namespace archy::http {

// Why a request is not even looked at: the status it is answered with (the connection then closes,
// as nobody knows where the next request begins).
struct Refusal {
  int status = 400;
  std::string_view why;  // a literal: nothing of the request is repeated
};

// How long a body is.
struct BodyFraming {
  bool chunked = false;
  std::uint64_t length = 0;  // not chunked
  bool empty() const { return !chunked && length == 0; }
};

struct RequestHead {
  ServerRequest request;  // without peer
  BodyFraming body;
  bool http10 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  std::size_t size_bytes = 0;  // of the head in the input, end included
};

// None: the head is not complete yet. One empty line before the request line is skipped.
// Refused: 400 for a bare CR or LF, NUL and other controls, folded lines, a space before the colon,
// a target that is neither "/..." nor the "*" of OPTIONS, no Host or two, two Content-Length, one
// that is not a number or beside Transfer-Encoding, any transfer coding but "chunked" alone; 414
// over 8 KiB of target; 417 for an expectation but 100-continue; 431 over
// limits::kHttpRequestHeadBytes or kHttpRequestFields; 505 for another version than 1.0 and 1.1.
// Source: RFC 9112 sections 2 to 6, stricter where it leaves a choice.
std::expected<std::optional<RequestHead>, Refusal> parse_request_head(ByteView input);

}  // namespace archy::http
