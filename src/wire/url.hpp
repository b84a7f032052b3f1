// http and https URLs, strictly: what this parser reads, every other parser reads the same way. So
// a check made on the parts (scheme, host, port) holds for whatever a client later connects to.
// Refused on purpose: user names and passwords, fragments, spaces and control characters,
// backslashes, non-ASCII, percent signs in a host, numeric hosts that are not plain dotted quads
// (0x7f.1, 2130706433, 0177.0.0.1), zone ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::wire {

inline constexpr std::size_t kUrlBytes = 8192;

enum class HostKind : unsigned char { name, ipv4, ipv6 };

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without brackets
  HostKind host_kind = HostKind::name;
  std::uint16_t port = 0;  // the scheme's own when the text has none
  std::string path = "/";  // starts with a slash, percent-encoding as given
  std::optional<std::string> query;

  bool is_https() const { return scheme == "https"; }
  // Scheme, host and port equal.
  bool same_origin(const Url& other) const;
  bool operator==(const Url&) const = default;
};

// Errors: bad_input, with the reason.
Result<Url> parse_url(std::string_view text);
// Shape: normal form: default port left out, empty path as "/".
std::string to_string(const Url& url);

}  // namespace archy::wire
