// Bytes that stand on a disk and that only the holder of a key may read or change:
// XChaCha20-Poly1305. Source: draft-irtf-cfrg-xchacha-03; libsodium.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace archy::crypto {

using SealKey = Secret<std::array<std::uint8_t, 32>>;
// Fresh for each sealing; so long that random ones never meet.
using SealNonce = std::array<std::uint8_t, 24>;

inline constexpr std::size_t kSealOverheadBytes = 24 + 16;

// Shape: nonce, ciphertext, tag. `place` names what is sealed and where it belongs ("request 17"):
// sealed bytes that were moved to another place do not open.
Bytes seal(const SealKey& key, const SealNonce& nonce, ByteView plain, std::string_view place);
// Errors: corrupt: another key, another place, or changed bytes.
Result<Secret<Bytes>> open_sealed(const SealKey& key, ByteView sealed, std::string_view place);

}  // namespace archy::crypto
