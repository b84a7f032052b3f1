#include "crypto/scalar.hpp"

#include <sodium.h>

#include "base/check.hpp"
#include "base/hex.hpp"
#include "crypto/hmac_sha256.hpp"
#include "crypto/secp256k1_context.hpp"

namespace archy::crypto {
namespace {

using Raw = std::array<std::uint8_t, 32>;

// n, big endian. Source: SEC 2, section 2.4.1.
constexpr Raw kOrder = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                        0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                        0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

// The bytes of a number on their way into a Scalar, wiped when they are there.
struct Workspace {
  Raw bytes;
  explicit Workspace(const Raw& from) : bytes(from) {}
  ~Workspace() { sodium_memzero(bytes.data(), bytes.size()); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
};

bool in_range(const Raw& bytes) {
  return secp256k1_ec_seckey_verify(secp256k1(), bytes.data()) == 1;
}

}  // namespace

Result<Scalar> Scalar::parse(ByteView bytes) {
  if (bytes.size() != 32) return fail(Code::bad_input, "a scalar is 32 bytes");
  Workspace work({});
  std::memcpy(work.bytes.data(), bytes.data(), 32);
  if (!in_range(work.bytes)) return fail(Code::bad_input, "scalar out of range");
  return Scalar(work.bytes);
}

Result<Scalar> Scalar::parse_hex(std::string_view text) {
  Workspace work({});
  TRY_OK(from_hex_into(text, work.bytes));
  return parse(work.bytes);
}

std::optional<Scalar> Scalar::reduce(const Raw& bytes) {
  Workspace work(bytes);
  // 2^256 < 2n: one subtraction is enough.
  if (!in_range(work.bytes)) {
    unsigned borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
      const unsigned difference = 0x100u + work.bytes[i] - kOrder[i] - borrow;
      work.bytes[i] = static_cast<std::uint8_t>(difference);
      borrow = difference >> 8 ? 0 : 1;
    }
    if (borrow != 0 || !in_range(work.bytes)) return std::nullopt;
  }
  return Scalar(work.bytes);
}

Scalar Scalar::random() {
  secp256k1();  // libsodium is ready behind it
  Workspace work({});
  do {
    randombytes_buf(work.bytes.data(), work.bytes.size());
  } while (!in_range(work.bytes));
  return Scalar(work.bytes);
}

Scalar Scalar::negated() const {
  Workspace work(reveal());
  CHECK(secp256k1_ec_seckey_negate(secp256k1(), work.bytes.data()) == 1);
  return Scalar(work.bytes);
}

Scalar Scalar::times(const Scalar& other) const {
  Workspace work(reveal());
  CHECK(secp256k1_ec_seckey_tweak_mul(secp256k1(), work.bytes.data(), other.reveal().data()) == 1);
  return Scalar(work.bytes);
}

std::optional<Scalar> Scalar::plus(const Scalar& other) const {
  Workspace work(reveal());
  if (secp256k1_ec_seckey_tweak_add(secp256k1(), work.bytes.data(), other.reveal().data()) != 1) {
    return std::nullopt;
  }
  return Scalar(work.bytes);
}

bool Scalar::operator==(const Scalar& other) const {
  return equal_in_constant_time(reveal(), other.reveal());
}

}  // namespace archy::crypto
