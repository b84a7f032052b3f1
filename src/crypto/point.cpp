#include "crypto/point.hpp"

#include "base/check.hpp"
#include "base/hex.hpp"
#include "crypto/secp256k1_context.hpp"

namespace archy::crypto {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> serialized(const Point& point, unsigned flags) {
  std::array<std::uint8_t, Size> out;
  std::size_t size = out.size();
  CHECK(secp256k1_ec_pubkey_serialize(secp256k1(), out.data(), &size, PointAccess::raw(point),
                                      flags) == 1);
  CHECK(size == out.size());
  return out;
}

}  // namespace

Result<Point> Point::parse(ByteView bytes) {
  Point out;
  // libsecp256k1 takes 65-byte forms too.
  if (bytes.size() != 33) return fail(Code::bad_input, "a point is 33 bytes");
  if (secp256k1_ec_pubkey_parse(secp256k1(), PointAccess::raw(out), bytes.data(), bytes.size()) !=
      1) {
    return fail(Code::bad_input, "not a point of the curve");
  }
  return out;
}

Result<Point> Point::parse_hex(std::string_view text) {
  CompressedPoint bytes;
  TRY_OK(from_hex_into(text, bytes));
  return parse(bytes);
}

std::optional<Point> Point::with_even_y(const XOnlyKey& x) {
  CompressedPoint bytes;
  bytes[0] = 2;
  std::memcpy(bytes.data() + 1, x.data(), x.size());
  Point out;
  if (secp256k1_ec_pubkey_parse(secp256k1(), PointAccess::raw(out), bytes.data(), bytes.size()) !=
      1) {
    return std::nullopt;
  }
  return out;
}

Point Point::of(const Scalar& k) {
  Point out;
  CHECK(secp256k1_ec_pubkey_create(secp256k1(), PointAccess::raw(out), k.reveal().data()) == 1);
  return out;
}

CompressedPoint Point::compressed() const { return serialized<33>(*this, SECP256K1_EC_COMPRESSED); }

UncompressedPoint Point::uncompressed() const {
  return serialized<65>(*this, SECP256K1_EC_UNCOMPRESSED);
}

XOnlyKey Point::x_only() const {
  const CompressedPoint bytes = compressed();
  XOnlyKey out;
  std::memcpy(out.data(), bytes.data() + 1, out.size());
  return out;
}

std::string Point::hex() const { return to_hex(compressed()); }

Point Point::negated() const {
  Point out = *this;
  CHECK(secp256k1_ec_pubkey_negate(secp256k1(), PointAccess::raw(out)) == 1);
  return out;
}

Point Point::times(const Scalar& k) const {
  Point out = *this;
  CHECK(secp256k1_ec_pubkey_tweak_mul(secp256k1(), PointAccess::raw(out), k.reveal().data()) == 1);
  return out;
}

std::optional<Point> Point::plus(const Point& other) const {
  const std::array<const secp256k1_pubkey*, 2> terms = {PointAccess::raw(*this),
                                                        PointAccess::raw(other)};
  Point out;
  if (secp256k1_ec_pubkey_combine(secp256k1(), PointAccess::raw(out), terms.data(), terms.size()) !=
      1) {
    return std::nullopt;
  }
  return out;
}

std::optional<Point> Point::plus_base(const Scalar& k) const {
  Point out = *this;
  if (secp256k1_ec_pubkey_tweak_add(secp256k1(), PointAccess::raw(out), k.reveal().data()) != 1) {
    return std::nullopt;
  }
  return out;
}

bool Point::operator==(const Point& other) const { return (*this <=> other) == 0; }

std::strong_ordering Point::operator<=>(const Point& other) const {
  return secp256k1_ec_pubkey_cmp(secp256k1(), PointAccess::raw(*this), PointAccess::raw(other)) <=>
         0;
}

}  // namespace archy::crypto
