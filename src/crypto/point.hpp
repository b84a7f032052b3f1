// A point of secp256k1 that is not infinity: public keys, hashed secrets, blind signatures.
// Stands on libsecp256k1; its parsed form is kept, so that no operation decompresses again.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/scalar.hpp"

namespace archy::crypto {

using CompressedPoint = std::array<std::uint8_t, 33>;
using UncompressedPoint = std::array<std::uint8_t, 65>;
// The x coordinate alone: a BIP-340 public key.
using XOnlyKey = std::array<std::uint8_t, 32>;

class Point {
 public:
  // Only the compressed form, 02 or 03 and x. Errors: bad_input.
  static Result<Point> parse(ByteView bytes);
  // Lower-case hex. Errors: as parse.
  static Result<Point> parse_hex(std::string_view text);
  // The point with this x and an even y. Nothing when no point has it.
  static std::optional<Point> with_even_y(const XOnlyKey& x);
  // k * G: the public key of k. Cost: 20 us.
  static Point of(const Scalar& k);

  CompressedPoint compressed() const;
  UncompressedPoint uncompressed() const;
  XOnlyKey x_only() const;
  std::string hex() const;  // of the compressed form

  Point negated() const;
  // Cost: 40 us, and not in constant time: as every wallet, we blind with a factor used once.
  Point times(const Scalar& k) const;
  // The sums are nothing when they are infinity, which only chosen numbers bring about.
  std::optional<Point> plus(const Point& other) const;
  std::optional<Point> plus_base(const Scalar& k) const;  // this + k * G

  bool operator==(const Point& other) const;
  // By the compressed form.
  std::strong_ordering operator<=>(const Point& other) const;

 private:
  friend class PointAccess;
  Point() = default;

  alignas(8) std::array<std::uint8_t, 64> parsed_{};  // secp256k1_pubkey
};

}  // namespace archy::crypto
