// What a URL of the content port names. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/fixed_bytes.hpp"
#include "rpc/content_source.hpp"

namespace archy::rpc {

struct ContentTarget {
  Blake3Hash hash;
  ContentPart part = ContentPart::data;
  std::string_view extension;  // without the dot; empty for none. Only chooses the Content-Type.
};

// Shape: "/blobs/" 64 lower-case hex [ "." 1 to 16 of a-z 0-9 ] [ ".obao4" ], undecoded, without
// query. None for anything else: there is one spelling of a blob.
std::optional<ContentTarget> parse_content_target(std::string_view path);

// The media type by extension; application/octet-stream for one not in the table. What a browser
// would run (HTML, SVG, XML, scripts) is not in it on purpose.
std::string_view content_type(std::string_view extension);

}  // namespace archy::rpc
