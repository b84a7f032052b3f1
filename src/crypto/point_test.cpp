#include "crypto/point.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "base/hex.hpp"

namespace archy::crypto {
namespace {

constexpr std::string_view kG =
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
constexpr std::string_view k2G =
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
constexpr std::string_view k3G =
    "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";
constexpr std::string_view kN = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

std::string number(std::string_view end) {
  return std::string(64 - end.size(), '0') + std::string(end);
}
Scalar scalar(std::string_view end) { return *Scalar::parse_hex(number(end)); }

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Scalar>);

// Source: SEC 2 (G) and the multiples of G listed in BIP-340's and libsecp256k1's tests.
TEST(Point, KnowsSmallMultiplesOfTheGenerator) {
  const Point g = Point::of(scalar("1"));
  EXPECT_EQ(g.hex(), kG);
  EXPECT_EQ(Point::of(scalar("2")).hex(), k2G);
  EXPECT_EQ(g.times(scalar("3")).hex(), k3G);
  EXPECT_EQ(g.plus(*Point::parse_hex(k2G))->hex(), k3G);
  EXPECT_EQ(g.plus_base(scalar("2"))->hex(), k3G);
  EXPECT_EQ(Point::with_even_y(g.x_only()), g);
  EXPECT_EQ(Point::with_even_y(g.negated().x_only()), g);
  EXPECT_EQ(to_hex(g.uncompressed()),
            "04" + std::string(kG.substr(2)) +
                "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
}

TEST(Point, HasNoInfinity) {
  const Point g = Point::of(scalar("1"));
  EXPECT_FALSE(g.plus(g.negated()));
  EXPECT_FALSE(g.plus_base(scalar("1").negated()));
  EXPECT_EQ(g.negated().hex(), "03" + std::string(kG.substr(2)));
  EXPECT_TRUE(g.plus(g));
}

TEST(Point, ReadsTheCompressedFormOnly) {
  const Point g = *Point::parse_hex(kG);
  EXPECT_FALSE(Point::parse(g.uncompressed()));
  EXPECT_FALSE(Point::parse({}));
  const std::string x(kG.substr(2));
  const std::string rows[] = {
      std::string(66, '0'),
      "04" + x,
      "00" + x,
      "02" + number("5"),  // x = 5 is on no point
      x,
      "02" + x + "00",
      // p and above: not the reduced x
      "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
      "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30",
  };
  for (const std::string& text : rows) {
    const auto point = Point::parse_hex(text);
    ASSERT_FALSE(point) << text;
    EXPECT_EQ(point.error().code, Code::bad_input);
  }
}

TEST(Point, IsOrderedAsItsBytes) {
  const Point two = *Point::parse_hex(k2G);
  const Point g = *Point::parse_hex(kG);
  EXPECT_LT(g, two);
  EXPECT_LT(two, g.negated());
  EXPECT_EQ(g, Point::of(scalar("1")));
}

TEST(Scalar, IsFromOneToTheOrder) {
  for (const std::string_view text :
       {std::string_view("00"), kN,
        std::string_view("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")}) {
    const auto parsed = Scalar::parse_hex(number(text));
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::bad_input);
  }
  EXPECT_FALSE(Scalar::parse(Bytes(31, 1)));
  EXPECT_FALSE(Scalar::parse(Bytes(33, 1)));
  EXPECT_EQ(to_hex(scalar("1").negated().reveal()),
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140");
}

TEST(Scalar, ReducesWhatIsAboveTheOrder) {
  const auto reduced = [](std::string_view text) {
    std::array<std::uint8_t, 32> bytes;
    EXPECT_TRUE(from_hex_into(text, bytes));
    const auto out = Scalar::reduce(bytes);
    return out ? to_hex(out->reveal()) : "none";
  };
  EXPECT_EQ(reduced(number("7")), number("7"));
  EXPECT_EQ(reduced(number("0")), "none");
  EXPECT_EQ(reduced(kN), "none");
  EXPECT_EQ(reduced("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142"),
            number("1"));
  EXPECT_EQ(reduced(std::string(64, 'f')), number("14551231950b75fc4402da1732fc9bebe"));
}

TEST(Scalar, AddsAndMultipliesModuloTheOrder) {
  EXPECT_EQ(*scalar("2").plus(scalar("3")), scalar("5"));
  EXPECT_EQ(scalar("2").times(scalar("3")), scalar("6"));
  EXPECT_EQ(scalar("2").negated().times(scalar("3").negated()), scalar("6"));
  EXPECT_EQ(*scalar("2").negated().plus(scalar("3")), scalar("1"));
  EXPECT_FALSE(scalar("2").plus(scalar("2").negated()));
  EXPECT_FALSE(Scalar::random() == Scalar::random());
}

}  // namespace
}  // namespace archy::crypto
