#include "crypto/hmac_sha512.hpp"

#include <sodium.h>

#include "base/check.hpp"

namespace archy::crypto {

Mac512 hmac_sha512(ByteView key, ByteView message) {
  static_assert(crypto_auth_hmacsha512_BYTES == 64);
  std::array<std::uint8_t, 64> out;
  crypto_auth_hmacsha512_state state;
  CHECK(crypto_auth_hmacsha512_init(&state, key.data(), key.size()) == 0);
  CHECK(crypto_auth_hmacsha512_update(&state, message.data(), message.size()) == 0);
  CHECK(crypto_auth_hmacsha512_final(&state, out.data()) == 0);
  sodium_memzero(&state, sizeof state);
  Mac512 mac(out);
  sodium_memzero(out.data(), out.size());
  return mac;
}

}  // namespace archy::crypto
