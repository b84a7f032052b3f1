// HMAC-SHA512 (RFC 2104, FIPS 198-1), which BIP-32 derives keys with.
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace archy::crypto {

using Mac512 = Secret<std::array<std::uint8_t, 64>>;

Mac512 hmac_sha512(ByteView key, ByteView message);

}  // namespace archy::crypto
