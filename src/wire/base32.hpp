// The two base32 alphabets of iroh: RFC 4648 (tickets, ids) and z-base-32 (names in DNS). No
// padding. Source: RFC 4648 section 6; Zooko's z-base-32 as pkarr uses it.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::wire {

// Shape: lower case.
std::string to_base32(ByteView bytes);
// Any case. Errors: bad_input on another character, an impossible length, or bits left over that
// are not zero.
Result<Bytes> from_base32(std::string_view text);

std::string to_zbase32(ByteView bytes);
// Lower case only. Errors: bad_input, as above.
Result<Bytes> from_zbase32(std::string_view text);

}  // namespace archy::wire
