#include "rt/address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "rt/address_class.hpp"

namespace archy::rt {
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

bool is_loopback(const Address& address) { return classify(address) == AddressClass::loopback; }

bool is_unspecified(const Address& address) {
  return std::all_of(address.ip.begin(), address.ip.end(), [](auto b) { return b == 0; });
}

bool is_private(const Address& address) {
  return classify(address) != AddressClass::public_internet;
}

}  // namespace archy::rt
