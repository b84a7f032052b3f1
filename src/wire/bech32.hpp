// bech32 as text with a checksum: a readable part, a 1, and groups of five bits.
// Source: BIP-173 (of any length here: Lightning invoices are longer than 90).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::wire {

struct Bech32 {
  std::string prefix;                // lower case
  std::vector<std::uint8_t> groups;  // each below 32, the checksum not among them
  bool operator==(const Bech32&) const = default;
};

// All in one case. Errors: bad_input: mixed case, no separator, another character, the checksum.
Result<Bech32> parse_bech32(std::string_view text);
std::string to_string(const Bech32& value);  // lower case

// Groups of five bits as bytes. Bits that fill no byte are left out, whatever they are.
Bytes packed_groups(std::span<const std::uint8_t> groups);

}  // namespace archy::wire
