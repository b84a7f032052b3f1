// base64 with the URL alphabet, no padding on write. Source: RFC 4648 section 5.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::wire {

std::string to_base64url(ByteView bytes);
// With or without (right) padding. Errors: bad_input on another character (the `+/` alphabet too),
// an impossible length, wrong padding, or bits left over that are not zero.
Result<Bytes> from_base64url(std::string_view text);

}  // namespace archy::wire
