// URLs as far as a client of http and https needs them. Parsing itself is libcurl's, so what is
// checked here is what is connected to.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::http {

struct Url {
  std::string text;    // normalised, without fragment: what goes to the transfer
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, IPv6 in brackets
  // scheme://host:port, to decide which headers may follow a redirect.
  std::string origin;
};

// Errors: bad_input for anything but an absolute http or https URL, for credentials in it, for
// control characters and spaces, and beyond 8 KiB.
Result<Url> parse_url(std::string_view text);

// Where a Location header leads from `base`. Errors: bad_input as above, denied from https to http.
Result<Url> resolve_redirect(const Url& base, std::string_view location);

// For people and logs: scheme, host and path only. A query may hold a signature, a user part a
// password; neither is shown, nor any part of a URL that does not parse.
std::string display_url(std::string_view text);

}  // namespace archy::http
