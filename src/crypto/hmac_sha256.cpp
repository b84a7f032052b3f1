#include "crypto/hmac_sha256.hpp"

#include <sodium.h>

#include "base/check.hpp"

namespace archy::crypto {

Mac hmac_sha256(ByteView key, ByteView message) {
  static_assert(sizeof(Mac) == crypto_auth_hmacsha256_BYTES);
  Mac out{};
  crypto_auth_hmacsha256_state state;
  CHECK(crypto_auth_hmacsha256_init(&state, key.data(), key.size()) == 0);
  CHECK(crypto_auth_hmacsha256_update(&state, message.data(), message.size()) == 0);
  CHECK(crypto_auth_hmacsha256_final(&state, out.data()) == 0);
  sodium_memzero(&state, sizeof state);
  return out;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace archy::crypto
