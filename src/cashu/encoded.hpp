// What wallets write before base64, and after it. Private to cashu.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::cashu {

// base64 of either alphabet, with or without padding. Errors: bad_input.
Result<Bytes> from_any_base64(std::string_view text);

// The text less an optional "cashu:" or "cashu://" and white space around it.
std::string_view without_scheme(std::string_view text);

// A mint's URL as tokens name it: http or https as wire::parse_url takes it, one slash at its end
// taken off. Errors: bad_input.
Result<std::string> mint_url(std::string_view text);

}  // namespace archy::cashu
