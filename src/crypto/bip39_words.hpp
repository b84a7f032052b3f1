// The 2048 English words of BIP-39, sorted. Private to crypto/bip39.
#pragma once

#include <array>
#include <string_view>

namespace archy::crypto {

extern const std::array<std::string_view, 2048> kBip39Words;

}  // namespace archy::crypto
