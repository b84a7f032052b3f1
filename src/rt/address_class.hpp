// What kind of network an IP address belongs to. Pure. Source: IANA's special-purpose address
// registries (RFC 6890 and its updates).
#pragma once

#include <string_view>

#include "rt/address.hpp"

namespace archy::rt {

enum class AddressClass : unsigned char {
  public_internet,
  unspecified,      // 0.0.0.0/8, ::
  loopback,         // 127.0.0.0/8, ::1
  private_network,  // 10/8, 172.16/12, 192.168/16, fc00::/7, fec0::/10
  shared,           // 100.64/10: behind the provider's own NAT
  link_local,       // 169.254/16 (cloud metadata among them), fe80::/10
  multicast,        // 224/4, ff00::/8
  documentation,    // 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8::/32, 3fff::/20
  benchmarking,     // 198.18/15, 2001:2::/48
  reserved,         // 240/4, 192.0.0/24, 192.88.99/24, other protocol assignments, outside 2000::/3
  v4_mapped,        // ::ffff:0:0/96 around a public address: no name server gives such
  tunnel,           // 6to4 and Teredo: they lead to the IPv4 address inside
};

// A mapped address and one of the NAT64 prefix 64:ff9b::/96 are what the IPv4 address inside is,
// but that a mapped one is never public.
AddressClass classify(const Address& address);
// Shape: snake_case, for people and logs.
std::string_view to_string(AddressClass of);

}  // namespace archy::rt
