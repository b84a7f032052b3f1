// The older form of token, JSON. Read only, through parse_token of token.hpp.
#pragma once

#include "cashu/token.hpp"

namespace archy::cashu {

// Errors: bad_input; unsupported: several mints.
Result<Token> read_token_v3(std::string_view json);

}  // namespace archy::cashu
