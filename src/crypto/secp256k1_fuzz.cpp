// Points, scalars, signatures and BIP-39 words from arbitrary bytes. Oracle: what is read is
// written back the same, and the laws of the group hold for it.
#include <algorithm>

#include "base/check.hpp"
#include "base/hex.hpp"
#include "crypto/bip39.hpp"
#include "crypto/point.hpp"
#include "crypto/scalar.hpp"
#include "crypto/schnorr.hpp"

namespace archy::crypto {
namespace {

void points_and_scalars(ByteView in) {
  const auto point = Point::parse(in.first(std::min<std::size_t>(in.size(), 33)));
  if (point) {
    CHECK(equal(point->compressed(), in.first(33)));
    CHECK(Point::parse_hex(point->hex()).value() == *point);
    CHECK(point->negated().negated() == *point && !point->plus(point->negated()));
    const auto even = Point::with_even_y(point->x_only());
    CHECK(even && (*even == *point || *even == point->negated()));
    CHECK(equal(ByteView(point->uncompressed()).subspan(1, 32), point->x_only()));
  }
  const auto scalar = Scalar::parse(in.first(std::min<std::size_t>(in.size(), 32)));
  if (scalar) {
    CHECK(equal(scalar->reveal(), in.first(32)));
    CHECK(scalar->negated().negated() == *scalar && !scalar->plus(scalar->negated()));
    CHECK(Scalar::parse_hex(to_hex(scalar->reveal())).value() == *scalar);
    const Point public_key = Point::of(*scalar);
    CHECK(!public_key.plus_base(scalar->negated()));
    if (const auto other = Point::with_even_y(scalar->reveal())) {
      // (P + kG) - kG = P, unless P = -kG
      if (const auto sum = other->plus_base(*scalar)) {
        CHECK(*sum == *other->plus(public_key));
        const auto back = sum->plus(public_key.negated());
        CHECK(back && *back == *other);
      }
    }
  }
  if (in.size() >= 32) {
    std::array<std::uint8_t, 32> bytes;
    std::memcpy(bytes.data(), in.data(), 32);
    const auto reduced = Scalar::reduce(bytes);
    CHECK(!scalar || (reduced && *reduced == *scalar));
    CHECK(!reduced || Scalar::parse(reduced->reveal()).has_value());
  }
}

// Two numbers at once.
void products(ByteView in) {
  if (in.size() < 64) return;
  const auto a = Scalar::parse(in.first(32));
  const auto b = Scalar::parse(in.subspan(32, 32));
  if (!a || !b) return;
  CHECK(a->times(*b) == b->times(*a));
  CHECK(Point::of(*a).times(*b) == Point::of(a->times(*b)));
  const auto sum = a->plus(*b);
  CHECK(sum ? Point::of(*sum) == *Point::of(*a).plus_base(*b) : *a == b->negated());
  // What is signed with one number is signed with that one alone.
  const auto digest = Sha256Digest::from(in.subspan(32, 32));
  const auto signature = schnorr_sign(*a, digest);
  CHECK(schnorr_verify(Point::of(*a).x_only(), digest, signature));
  const bool same_x = Point::of(*a).x_only() == Point::of(*b).x_only();
  CHECK(schnorr_verify(Point::of(*b).x_only(), digest, signature) == same_x);
}

void words(ByteView in) {
  CHECK(Scalar::parse(Scalar::random().reveal()).has_value());
  // A good sentence costs a millisecond of PBKDF2.
  if (const auto seed = parse_words(as_text(in))) {
    CHECK(seed->reveal() == parse_words(as_text(in))->reveal());
    CHECK(seed->reveal() != parse_words(as_text(in), "another")->reveal());
  }
  if (in.size() == 16 || in.size() == 24) CHECK(parse_words(words_of(in).reveal()).has_value());
}

void signatures(ByteView in) {
  if (in.size() < 97) return;
  EcdsaSignature signature;
  std::memcpy(signature.data(), in.data() + 32, 64);
  const auto digest = Sha256Digest::from(in.first(32));
  const auto key = ecdsa_recover(digest, signature, in[96]);
  if (key) CHECK(ecdsa_verify(*key, digest, signature));
}

}  // namespace
}  // namespace archy::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  crypto::points_and_scalars(in);
  crypto::signatures(in);
  crypto::products(in);
  crypto::words(in);
  return 0;
}
