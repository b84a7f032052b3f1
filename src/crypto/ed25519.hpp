// Ed25519 (RFC 8032) node identities: 32-byte seeds and public keys (libsodium).
#pragma once

#include <array>

#include "base/fixed_bytes.hpp"
#include "base/secret.hpp"

namespace archy::crypto {

using Ed25519Seed = Secret<std::array<std::uint8_t, 32>>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

EndpointId ed25519_public_key(const Ed25519Seed& seed);
Ed25519Signature ed25519_sign(const Ed25519Seed& seed, ByteView message);
// Strict: refuses small-order keys and non-canonical encodings.
bool ed25519_verify(const EndpointId& key, ByteView message, const Ed25519Signature& signature);
// True when the 32 bytes decompress to a point of the curve: exactly what curve25519-dalek's
// VerifyingKey::from_bytes (so iroh) takes as an id. Small-order points and y >= p do pass here;
// no signature of theirs ever verifies.
bool is_valid_public_key(const EndpointId& key);

}  // namespace archy::crypto
