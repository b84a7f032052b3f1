// BIP-340 signatures over 32-byte digests, and the ECDSA signatures that Lightning invoices carry.
#pragma once

#include <array>

#include "base/fixed_bytes.hpp"
#include "crypto/point.hpp"

namespace archy::crypto {

using SchnorrSignature = std::array<std::uint8_t, 64>;

// With fresh auxiliary randomness: two signatures of one digest differ.
SchnorrSignature schnorr_sign(const Scalar& key, const Sha256Digest& digest);
// False also for an x that is on no point.
bool schnorr_verify(const XOnlyKey& key, const Sha256Digest& digest,
                    const SchnorrSignature& signature);

using EcdsaSignature = std::array<std::uint8_t, 64>;  // r || s

// High s passes: BOLT-11 does not ask for the low one.
bool ecdsa_verify(const Point& key, const Sha256Digest& digest, const EcdsaSignature& signature);
// The key that made the signature. Errors: bad_input: recovery above 3, or no key made it.
Result<Point> ecdsa_recover(const Sha256Digest& digest, const EcdsaSignature& signature,
                            std::uint8_t recovery);

}  // namespace archy::crypto
