// What is to be seen of a token before anybody is asked about it. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "cashu/token.hpp"

namespace archy::streaming {

struct SeenToken {
  // Follows from its proofs alone, whatever their order or spelling. Shape: 32 hex digits.
  std::string name;
  std::vector<crypto::Point> ys;
  cashu::Amount value;  // before the mint's fee
};

// `accepted`: normalised URLs. Errors: bad_input: too long, no token, another unit, too many
// proofs, one of them twice, more than there is; denied: a mint that is not accepted.
Result<SeenToken> look_at_token(const Secret<std::string>& text,
                                const std::vector<std::string>& accepted);

}  // namespace archy::streaming
