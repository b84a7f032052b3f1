// The head of a response as text, and the Date it carries. Pure.
#pragma once

#include <optional>
#include <string>

#include "http/server.hpp"

namespace archy::http {

// The standard phrase; "Unknown" for a status without one.
std::string_view reason_phrase(int status);

// Shape: "Sun, 06 Nov 1994 08:49:37 GMT". Units: milliseconds since 1970, years 1970 to 9999.
std::string http_date(std::int64_t unix_ms);

// True where HTTP gives the status no body and no length: 1xx, 204, 304.
bool is_bodyless(int status);

enum class BodyMode : unsigned char {
  none,          // neither header: the status has no body
  length,        // Content-Length
  chunked,       // Transfer-Encoding
  until_closed,  // HTTP/1.0 without a length
};

struct HeadFacts {
  BodyMode mode = BodyMode::length;
  std::uint64_t length = 0;
  bool http10 = false;
  bool close = false;
  std::int64_t unix_ms = 0;
};

// Errors: internal for a status outside 200..599, a name that is no token, one the server sets
// itself, a value with control characters: a handler that repeats what it was sent splits nothing.
Result<std::string> serialize_head(const ServerResponse& response, const HeadFacts& facts);

}  // namespace archy::http
