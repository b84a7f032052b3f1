// The system's socket addresses as rt::Address, for the check before a connection is opened.
#pragma once

#include <optional>

#include "rt/address.hpp"

struct sockaddr;
struct sockaddr_storage;

namespace archy::http {

// None for anything but a whole IPv4 or IPv6 address.
std::optional<rt::Address> from_sockaddr(const sockaddr* address, unsigned length);

// Fills `out`; returns how many bytes of it are the address.
unsigned to_sockaddr(const rt::Address& address, sockaddr_storage& out);

}  // namespace archy::http
