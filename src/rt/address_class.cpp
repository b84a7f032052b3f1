#include "rt/address_class.hpp"

#include <algorithm>
#include <span>

namespace archy::rt {
namespace {

struct Range {
  std::array<std::uint8_t, 16> prefix;
  int bits;
  AddressClass is;
};

// The first that matches counts.
constexpr Range kV4[] = {
    {{0}, 8, AddressClass::unspecified},
    {{10}, 8, AddressClass::private_network},
    {{100, 64}, 10, AddressClass::shared},
    {{127}, 8, AddressClass::loopback},
    {{169, 254}, 16, AddressClass::link_local},
    {{172, 16}, 12, AddressClass::private_network},
    {{192, 0, 0}, 24, AddressClass::reserved},
    {{192, 0, 2}, 24, AddressClass::documentation},
    {{192, 88, 99}, 24, AddressClass::reserved},
    {{192, 168}, 16, AddressClass::private_network},
    {{198, 18}, 15, AddressClass::benchmarking},
    {{198, 51, 100}, 24, AddressClass::documentation},
    {{203, 0, 113}, 24, AddressClass::documentation},
    {{224}, 4, AddressClass::multicast},
    {{240}, 4, AddressClass::reserved},
};
constexpr Range kV6[] = {
    {{0}, 128, AddressClass::unspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressClass::loopback},
    {{0xfc}, 7, AddressClass::private_network},
    {{0xfe, 0x80}, 10, AddressClass::link_local},
    {{0xfe, 0xc0}, 10, AddressClass::private_network},
    {{0xff}, 8, AddressClass::multicast},
    {{0x20, 0x01, 0, 0}, 32, AddressClass::tunnel},
    {{0x20, 0x01, 0, 2, 0, 0}, 48, AddressClass::benchmarking},
    {{0x20, 0x01, 0, 0}, 23, AddressClass::reserved},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressClass::documentation},
    {{0x20, 0x02}, 16, AddressClass::tunnel},
    {{0x3f, 0xff, 0}, 20, AddressClass::documentation},
    {{0x20}, 3, AddressClass::public_internet},
};
constexpr std::array<std::uint8_t, 16> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<std::uint8_t, 16> kNat64 = {0, 0x64, 0xff, 0x9b};
constexpr int kEmbeddedBits = 96;

bool starts_with(const std::array<std::uint8_t, 16>& ip, const std::array<std::uint8_t, 16>& prefix,
                 int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(prefix.begin(), prefix.begin() + whole, ip.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((ip[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

AddressClass look_up(std::span<const Range> ranges, const std::array<std::uint8_t, 16>& ip,
                     AddressClass otherwise) {
  for (const Range& range : ranges) {
    if (starts_with(ip, range.prefix, range.bits)) return range.is;
  }
  return otherwise;
}

AddressClass classify_v4(const std::uint8_t* four_bytes) {
  std::array<std::uint8_t, 16> ip{};
  std::copy_n(four_bytes, 4, ip.begin());
  return look_up(kV4, ip, AddressClass::public_internet);
}

}  // namespace

AddressClass classify(const Address& address) {
  if (!address.v6) return classify_v4(address.ip.data());
  if (starts_with(address.ip, kMapped, kEmbeddedBits)) {
    const auto inside = classify_v4(address.ip.data() + 12);
    return inside == AddressClass::public_internet ? AddressClass::v4_mapped : inside;
  }
  if (starts_with(address.ip, kNat64, kEmbeddedBits)) return classify_v4(address.ip.data() + 12);
  return look_up(kV6, address.ip, AddressClass::reserved);
}

std::string_view to_string(AddressClass of) {
  switch (of) {
    case AddressClass::public_internet:
      return "public_internet";
    case AddressClass::unspecified:
      return "unspecified";
    case AddressClass::loopback:
      return "loopback";
    case AddressClass::private_network:
      return "private_network";
    case AddressClass::shared:
      return "shared";
    case AddressClass::link_local:
      return "link_local";
    case AddressClass::multicast:
      return "multicast";
    case AddressClass::documentation:
      return "documentation";
    case AddressClass::benchmarking:
      return "benchmarking";
    case AddressClass::reserved:
      return "reserved";
    case AddressClass::v4_mapped:
      return "v4_mapped";
    case AddressClass::tunnel:
      return "tunnel";
  }
  return "unknown";
}

}  // namespace archy::rt
