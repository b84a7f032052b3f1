// UTF-8 as far as names and terminals need it.
#pragma once

#include <string>
#include <string_view>

namespace archy {

// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);
// Shape: the text with control characters, and bytes that are not UTF-8, as \xNN; backslash as \\.
std::string escape_for_terminal(std::string_view text);

}  // namespace archy
