// A number from 1 to n-1, n the order of secp256k1: private keys, blinding factors, nonces. Always
// treated as a secret: it cannot be printed and is wiped at the end.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace archy::crypto {

class Scalar {
 public:
  // Big endian. Errors: bad_input unless 32 bytes of a number from 1 to n-1.
  static Result<Scalar> parse(ByteView bytes);
  // Lower-case hex. Errors: as parse.
  static Result<Scalar> parse_hex(std::string_view text);
  // Any 32 bytes, modulo n. Nothing for 0 and n, which no honest hash gives.
  static std::optional<Scalar> reduce(const std::array<std::uint8_t, 32>& bytes);
  static Scalar random();

  // The one way to the bytes, big endian: for storage that seals them and messages that carry them.
  const std::array<std::uint8_t, 32>& reveal() const { return bytes_.reveal(); }

  Scalar negated() const;
  Scalar times(const Scalar& other) const;
  // Nothing when the sum is 0.
  std::optional<Scalar> plus(const Scalar& other) const;

  // In constant time.
  bool operator==(const Scalar& other) const;

 private:
  explicit Scalar(const std::array<std::uint8_t, 32>& bytes) : bytes_(bytes) {}

  Secret<std::array<std::uint8_t, 32>> bytes_;
};

}  // namespace archy::crypto
