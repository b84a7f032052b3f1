// Lowercase hexadecimal, the only text form hashes and keys are shown in.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy {

std::string to_hex(ByteView bytes);
// Accepts lowercase only. Errors: bad_input on odd length or a character outside 0-9a-f.
Result<Bytes> from_hex(std::string_view text);
// Errors: bad_input unless text is exactly 2 * out.size() lowercase digits; `out` is untouched
// then.
Result<> from_hex_into(std::string_view text, MutableBytes out);

}  // namespace archy
