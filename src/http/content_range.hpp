// What a response says about its length and place: Content-Length and Content-Range, strictly.
// Never believed, only compared: both come from the other side.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace archy::http {

// Source: RFC 9110 section 14.4, unit "bytes" only.
struct ContentRange {
  struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  // inclusive, first <= last
    auto operator<=>(const Span&) const = default;
  };
  std::optional<Span> span;            // none: "bytes */total" (an unsatisfied range)
  std::optional<std::uint64_t> total;  // none: "bytes a-b/*"; else last < total
  bool operator==(const ContentRange&) const = default;
};

// Shape: "bytes 0-99/1000", "bytes 0-99/*", "bytes */1000". Errors: peer_fault for anything else, a
// number beyond 2^64-1 and spans that contradict themselves included.
Result<ContentRange> parse_content_range(std::string_view text);

// Shape: decimal digits only (no sign, no list). Errors: peer_fault.
Result<std::uint64_t> parse_content_length(std::string_view text);

}  // namespace archy::http
