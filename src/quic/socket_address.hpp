// rt::Address to and from the sockaddr form in which ngtcp2 keeps paths.
#pragma once

#include "quic/ngtcp2_shim.hpp"
#include "rt/address.hpp"

namespace archy::quic {

rt::Address to_address(const ngtcp2_addr& address);
// Points `path` at its own storage, filled with the two addresses.
void set_path(ngtcp2_path_storage& path, const rt::Address& local, const rt::Address& remote);

}  // namespace archy::quic
