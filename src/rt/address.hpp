// An IP address and port, as value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::rt {

struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> ip{};  // v4: the first four bytes, the rest zero
  std::uint16_t port = 0;

  auto operator<=>(const Address&) const = default;
  static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                    std::uint16_t port);
  static Address loopback(std::uint16_t port) { return v4(127, 0, 0, 1, port); }
};

// Shape: "1.2.3.4:5" or "[::1]:5". Errors: bad_input (names are not resolved here; port is
// required).
Result<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);
bool is_loopback(const Address& address);
bool is_unspecified(const Address& address);
// Anything but the public internet: address_class.hpp says which.
bool is_private(const Address& address);

}  // namespace archy::rt
