// rt::Address to and from the sockaddr of the system, for everyone who holds a socket.
#pragma once

#include <cstddef>
#include <optional>

#include "rt/address.hpp"

struct sockaddr;
struct sockaddr_in6;

namespace archy::rt {

// None for anything but a whole IPv4 or IPv6 address. `length`: bytes of it, whatever its family.
std::optional<Address> from_sockaddr(const sockaddr* address, std::size_t length);

// Fills `out`, as the larger of the two forms (an IPv4 address is a sockaddr_in at its beginning);
// gives how many bytes of it are the address.
unsigned to_sockaddr(const Address& address, sockaddr_in6& out);

}  // namespace archy::rt
