#include "cashu/dhke.hpp"

#include "base/check.hpp"
#include "crypto/sha256.hpp"

namespace archy::cashu {
namespace {

constexpr std::string_view kDomain = "Secp256k1_HashToCurve_Cashu_";
// Every second x is on the curve: nobody finds a message that needs a hundred, let alone these.
constexpr std::uint32_t kTries = 1u << 16;

}  // namespace

crypto::Point hash_to_curve(ByteView message) {
  crypto::Sha256 first;
  first.update(as_bytes(kDomain));
  first.update(message);
  const Sha256Digest digest = first.finish();
  std::array<std::uint8_t, 36> input;
  std::memcpy(input.data(), digest.bytes.data(), 32);
  for (std::uint32_t counter = 0; counter < kTries; ++counter) {
    for (unsigned i = 0; i < 4; ++i) input[32 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
    if (const auto point = crypto::Point::with_even_y(crypto::sha256(input).bytes)) return *point;
  }
  CHECK(false);
}

Result<crypto::Point> blind(const crypto::Point& y, const crypto::Scalar& r) {
  const auto out = y.plus_base(r);
  if (!out) return fail(Code::bad_input, "a blinded message at infinity");
  return *out;
}

Result<crypto::Point> unblind(const crypto::Point& c_blinded, const crypto::Scalar& r,
                              const crypto::Point& mint_key) {
  const auto out = c_blinded.plus(mint_key.times(r).negated());
  if (!out) return fail(Code::bad_input, "a signature at infinity");
  return *out;
}

crypto::Point sign_blinded(const crypto::Scalar& k, const crypto::Point& b_blinded) {
  return b_blinded.times(k);
}

bool is_signed_by(const crypto::Scalar& k, ByteView message, const crypto::Point& c) {
  return hash_to_curve(message).times(k) == c;
}

}  // namespace archy::cashu
