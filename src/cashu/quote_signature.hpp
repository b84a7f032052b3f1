// A mint quote that only its owner can claim: the request to mint is signed with a key that the
// quote was made with. Source: NUT-20.
#pragma once

#include <span>
#include <string_view>

#include "cashu/proof.hpp"
#include "crypto/schnorr.hpp"

namespace archy::cashu {

// The quote's id and the outputs' blinded messages as text, in the order of the request.
std::string quote_message(std::string_view quote, std::span<const BlindedMessage> outputs);

crypto::SchnorrSignature sign_quote(const crypto::Scalar& key, std::string_view quote,
                                    std::span<const BlindedMessage> outputs);
bool is_quote_signed(const crypto::Point& key, std::string_view quote,
                     std::span<const BlindedMessage> outputs,
                     const crypto::SchnorrSignature& signature);

}  // namespace archy::cashu
