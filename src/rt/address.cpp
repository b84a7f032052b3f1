#include "rt/address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace archy::rt {
namespace {

bool v4_is_private(const std::uint8_t* ip) {
  const auto a = ip[0], b = ip[1], c = ip[2];
  return a == 0 || a == 10 || a == 127 || (a == 100 && (b & 0xc0) == 64) ||
         (a == 169 && b == 254) || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168) ||
         (a == 192 && b == 0 && c == 0) || (a == 192 && b == 0 && c == 2) ||
         (a == 198 && (b & 0xfe) == 18) || (a == 198 && b == 51 && c == 100) ||
         (a == 203 && b == 0 && c == 113) || a >= 224;
}

// ::ffff:0:0/96 and the NAT64 prefix 64:ff9b::/96 carry a v4 address in their last four bytes.
bool embeds_v4(const std::array<std::uint8_t, 16>& ip) {
  static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::uint8_t kNat64[12] = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  return std::equal(kMapped, kMapped + 12, ip.begin()) ||
         std::equal(kNat64, kNat64 + 12, ip.begin());
}

// Public by prefix, but not a way to the public internet: 6to4 and Teredo lead to the v4 address
// inside, 2001:db8::/32 is for documentation.
bool is_tunnel_or_documentation(const std::array<std::uint8_t, 16>& ip) {
  if (ip[0] == 0x20 && ip[1] == 0x02) return true;
  if (ip[0] != 0x20 || ip[1] != 0x01) return false;
  return (ip[2] == 0 && ip[3] == 0) || (ip[2] == 0x0d && ip[3] == 0xb8);
}

}  // namespace

Address Address::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                    std::uint16_t port) {
  Address out;
  out.ip = {a, b, c, d};
  out.port = port;
  return out;
}

Result<Address> parse_address(std::string_view text) {
  Address out;
  std::string host;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find("]:");
    if (close == std::string_view::npos) return fail(Code::bad_input, "address needs [ip]:port");
    host = text.substr(1, close - 1);
    port = text.substr(close + 2);
    out.v6 = true;
  } else {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return fail(Code::bad_input, "address needs ip:port");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (inet_pton(out.v6 ? AF_INET6 : AF_INET, host.c_str(), out.ip.data()) != 1) {
    return fail(Code::bad_input, "not an IP address");
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || port.empty()) {
    return fail(Code::bad_input, "not a port number");
  }
  return out;
}

std::string to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.ip.data(), text, sizeof text);
  return fmt::format(fmt::runtime(address.v6 ? "[{}]:{}" : "{}:{}"), text, address.port);
}

bool is_loopback(const Address& address) {
  if (!address.v6) return address.ip[0] == 127;
  static constexpr std::array<std::uint8_t, 16> kOne = {0, 0, 0, 0, 0, 0, 0, 0,
                                                        0, 0, 0, 0, 0, 0, 0, 1};
  return address.ip == kOne || (embeds_v4(address.ip) && address.ip[12] == 127);
}

bool is_unspecified(const Address& address) {
  return std::all_of(address.ip.begin(), address.ip.end(), [](auto b) { return b == 0; });
}

bool is_private(const Address& address) {
  if (!address.v6) return v4_is_private(address.ip.data());
  if (embeds_v4(address.ip)) return v4_is_private(address.ip.data() + 12);
  const auto a = address.ip[0], b = address.ip[1];
  return is_unspecified(address) || is_loopback(address) || (a & 0xfe) == 0xfc ||
         (a == 0xfe && (b & 0xc0) == 0x80) || (a == 0xfe && (b & 0xc0) == 0xc0) || a == 0xff ||
         (a & 0xe0) != 0x20 || is_tunnel_or_documentation(address.ip);
}

}  // namespace archy::rt
