#include "crypto/bip32.hpp"

#include "crypto/point.hpp"

namespace archy::crypto {
namespace {

Secret<std::array<std::uint8_t, 32>> right_half(const Mac512& mac) {
  std::array<std::uint8_t, 32> half;
  std::memcpy(half.data(), mac.reveal().data() + 32, half.size());
  return Secret(half);
}

}  // namespace

std::optional<ExtendedKey> ExtendedKey::master(ByteView seed) {
  const Mac512 mac = hmac_sha512(as_bytes("Bitcoin seed"), seed);
  auto key = Scalar::parse(ByteView(mac.reveal()).first(32));
  if (!key) return std::nullopt;
  return ExtendedKey(std::move(*key), right_half(mac));
}

std::optional<ExtendedKey> ExtendedKey::child(std::uint32_t index) const {
  return child_of((index & kHardened) != 0 ? private_parent() : public_parent(), index);
}

std::optional<std::pair<ExtendedKey, ExtendedKey>> ExtendedKey::first_two() const {
  const ParentBytes parent = public_parent();
  auto first = child_of(parent, 0);
  auto second = child_of(parent, 1);
  if (!first || !second) return std::nullopt;
  return std::pair(std::move(*first), std::move(*second));
}

ExtendedKey::ParentBytes ExtendedKey::private_parent() const {
  return ParentBytes([&] {
    std::array<std::uint8_t, 33> out{};
    std::memcpy(out.data() + 1, key_.reveal().data(), 32);
    return out;
  }());
}

ExtendedKey::ParentBytes ExtendedKey::public_parent() const {
  return ParentBytes(Point::of(key_).compressed());
}

std::optional<ExtendedKey> ExtendedKey::child_of(const ParentBytes& parent,
                                                 std::uint32_t index) const {
  Secret<std::array<std::uint8_t, 37>> message([&] {
    std::array<std::uint8_t, 37> out{};
    std::memcpy(out.data(), parent.reveal().data(), parent.reveal().size());
    for (unsigned i = 0; i < 4; ++i) {
      out[33 + i] = static_cast<std::uint8_t>(index >> (24 - 8 * i));
    }
    return out;
  }());
  const Mac512 mac = hmac_sha512(chain_code_.reveal(), message.reveal());
  const auto step = Scalar::parse(ByteView(mac.reveal()).first(32));
  if (!step) return std::nullopt;
  auto key = key_.plus(*step);
  if (!key) return std::nullopt;
  return ExtendedKey(std::move(*key), right_half(mac));
}

}  // namespace archy::crypto
