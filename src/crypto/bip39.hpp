// Words that a person can write down, and the seed they stand for. English only.
// Source: BIP-39.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace archy::crypto {

using Bip39Seed = Secret<std::array<std::uint8_t, 64>>;

// 12 words from 128 fresh random bits.
Secret<std::string> random_words();
// Requires: 16, 20, 24, 28 or 32 bytes.
Secret<std::string> words_of(ByteView entropy);

// Words apart by any white space, in any case; checked against the list and their checksum. The
// passphrase is optional in BIP-39's sense: another one is another seed.
// Errors: bad_input: the number of words, one that is not in the list (named by its place, never by
// itself), a wrong checksum; unsupported: a passphrase beyond ASCII, which would have to be
// normalised first.
Result<Bip39Seed> parse_words(std::string_view words, std::string_view passphrase = {});

}  // namespace archy::crypto
