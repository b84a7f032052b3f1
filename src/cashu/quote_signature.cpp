#include "cashu/quote_signature.hpp"

#include "crypto/sha256.hpp"

namespace archy::cashu {
namespace {

Sha256Digest digest_of(std::string_view quote, std::span<const BlindedMessage> outputs) {
  return crypto::sha256(as_bytes(quote_message(quote, outputs)));
}

}  // namespace

std::string quote_message(std::string_view quote, std::span<const BlindedMessage> outputs) {
  std::string out(quote);
  for (const auto& output : outputs) out += output.b.hex();
  return out;
}

crypto::SchnorrSignature sign_quote(const crypto::Scalar& key, std::string_view quote,
                                    std::span<const BlindedMessage> outputs) {
  return crypto::schnorr_sign(key, digest_of(quote, outputs));
}

bool is_quote_signed(const crypto::Point& key, std::string_view quote,
                     std::span<const BlindedMessage> outputs,
                     const crypto::SchnorrSignature& signature) {
  return crypto::schnorr_verify(key.x_only(), digest_of(quote, outputs), signature);
}

}  // namespace archy::cashu
