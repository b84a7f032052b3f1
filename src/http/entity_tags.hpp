// Entity tags in conditions. Ours are strong: the content's hash in quotes. Pure.
// Source: RFC 9110 sections 8.8.3 and 13.1.
#pragma once

#include <string_view>

namespace archy::http {

// If-Range: true when it names exactly `etag`, a strong tag in its quotes. A weak tag, a date or
// anything malformed does not: the client then gets the whole.
bool if_range_holds(std::string_view if_range, std::string_view etag);

// If-None-Match (weak comparison) and If-Match (strong): true for "*" or a list that names `etag`.
// A malformed list names nothing from where it is malformed.
enum class TagComparison : unsigned char { weak, strong };
bool names_tag(std::string_view list, std::string_view etag, TagComparison comparison);

}  // namespace archy::http
