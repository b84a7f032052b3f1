#include "crypto/ed25519.hpp"

#include <sodium.h>

#include "base/check.hpp"

namespace archy::crypto {
namespace {

// libsodium picks its implementations here; without it the portable ones are used.
void ensure_ready() {
  static const bool ready = sodium_init() >= 0;
  CHECK(ready);
}

// libsodium's 64-byte form of a secret key (seed || public key), wiped when it goes.
struct ExpandedKey {
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> bytes{};
  EndpointId id;
  explicit ExpandedKey(const Ed25519Seed& seed) {
    ensure_ready();
    CHECK(crypto_sign_seed_keypair(id.bytes.data(), bytes.data(), seed.reveal().data()) == 0);
  }
  ~ExpandedKey() { sodium_memzero(bytes.data(), bytes.size()); }
  ExpandedKey(const ExpandedKey&) = delete;
  ExpandedKey& operator=(const ExpandedKey&) = delete;
};

}  // namespace

EndpointId ed25519_public_key(const Ed25519Seed& seed) { return ExpandedKey(seed).id; }

Ed25519Signature ed25519_sign(const Ed25519Seed& seed, ByteView message) {
  const ExpandedKey key(seed);
  Ed25519Signature signature;
  CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                             key.bytes.data()) == 0);
  return signature;
}

bool ed25519_verify(const EndpointId& key, ByteView message, const Ed25519Signature& signature) {
  ensure_ready();
  // libsodium's rule is the strict one: it refuses small-order and non-canonical keys, small-order
  // R, and S >= L.
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

bool is_valid_public_key(const EndpointId& key) {
  ensure_ready();
  // The neutral element. Adding it decompresses `key` and asks nothing more of it; libsodium's own
  // is_valid_point would also refuse points outside the main subgroup.
  static constexpr std::array<std::uint8_t, 32> kNeutral{1};
  std::array<std::uint8_t, 32> sum;
  return crypto_core_ed25519_add(sum.data(), key.bytes.data(), kNeutral.data()) == 0;
}

}  // namespace archy::crypto
