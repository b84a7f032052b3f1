// One spelling for each mint, so that trust, caps and balances are looked up under the same name
// however somebody has written it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::wallet {

// http or https; scheme and host in lower case, the scheme's own port left out, no slash at the
// end. The path stays as it is: mints of one host may differ by it. Errors: bad_input.
Result<std::string> normal_mint_url(std::string_view text);

}  // namespace archy::wallet
