// Endpoint ids and hashes as people type them, read the way iroh reads them.
// Source: iroh-base key.rs, iroh-blobs hash.rs.
#pragma once

#include <string>
#include <string_view>

#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::wire {

// Exactly 64 characters: lowercase hex. Anything else: base32 of 32 bytes (52 characters, any
// case). Never says whether the id is a point of the curve: crypto::is_valid_public_key does.
// Errors: bad_input.
Result<EndpointId> parse_endpoint_id_text(std::string_view text);
// The same two forms. Errors: bad_input.
Result<Blake3Hash> parse_hash_text(std::string_view text);

// A hash and whether it names a sequence of hashes.
struct HashText {
  Blake3Hash hash;
  bool hash_seq = false;
  bool operator==(const HashText&) const = default;
};
// Shape: 64 hex: a blob; `s` and 64 hex: a hash sequence. A bare hash in base32 is read too.
// Errors: bad_input.
Result<HashText> parse_hash_and_format(std::string_view text);
std::string to_string(const HashText& value);

// First 10 hex digits: how logs and people name an endpoint.
std::string short_id(const EndpointId& id);

}  // namespace archy::wire
