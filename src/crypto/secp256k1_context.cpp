#include "crypto/secp256k1_context.hpp"

#include <sodium.h>

#include "base/check.hpp"

namespace archy::crypto {

static_assert(sizeof(secp256k1_pubkey) == sizeof(Point));

const secp256k1_context* secp256k1() {
  static const secp256k1_context* const context = [] {
    CHECK(sodium_init() >= 0);
    secp256k1_context* made =
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    CHECK(made != nullptr);
    std::array<std::uint8_t, 32> seed;
    randombytes_buf(seed.data(), seed.size());
    CHECK(secp256k1_context_randomize(made, seed.data()) == 1);
    return made;
  }();
  return context;
}

}  // namespace archy::crypto
