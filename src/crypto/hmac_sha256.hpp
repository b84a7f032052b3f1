// HMAC-SHA256 (RFC 2104, FIPS 198-1), and comparing secrets without telling how far they agree.
#pragma once

#include <array>

#include "base/bytes.hpp"

namespace archy::crypto {

using Mac = std::array<std::uint8_t, 32>;

Mac hmac_sha256(ByteView key, ByteView message);

// Takes the same time wherever two strings of one length differ. The length is no secret.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace archy::crypto
