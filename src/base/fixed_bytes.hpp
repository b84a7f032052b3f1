// 32-byte values that must never be mixed up: hashes, digests, keys. Same bytes, different types.
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "base/hex.hpp"

namespace archy {

template <class Tag>
struct Bytes32 {
  std::array<std::uint8_t, 32> bytes{};

  // Requires: view.size() == 32.
  static Bytes32 from(ByteView view) {
    Bytes32 out;
    std::memcpy(out.bytes.data(), view.data(), 32);
    return out;
  }
  // Shape: 64 lowercase hex digits. Errors: bad_input.
  static Result<Bytes32> parse_hex(std::string_view text) {
    Bytes32 out;
    TRY_OK(from_hex_into(text, out.bytes));
    return out;
  }
  std::string hex() const { return to_hex(bytes); }
  ByteView view() const { return bytes; }
  auto operator<=>(const Bytes32&) const = default;
};

// BLAKE3 root hash: the name of a blob everywhere.
using Blake3Hash = Bytes32<struct Blake3Tag>;
// SHA-256 digest, kept beside the BLAKE3 hash of every blob.
using Sha256Digest = Bytes32<struct Sha256Tag>;
// Ed25519 public key of a node, as on iroh's wire.
using EndpointId = Bytes32<struct EndpointTag>;

}  // namespace archy

template <class Tag>
struct std::hash<archy::Bytes32<Tag>> {
  std::size_t operator()(const archy::Bytes32<Tag>& v) const noexcept {
    std::size_t out;
    std::memcpy(&out, v.bytes.data(), sizeof out);
    return out;
  }
};
