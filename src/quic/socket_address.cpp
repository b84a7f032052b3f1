#include "quic/socket_address.hpp"

#include "rt/posix/socket_address.hpp"

namespace archy::quic {

rt::Address to_address(const ngtcp2_addr& address) {
  return rt::from_sockaddr(address.addr, address.addrlen).value_or(rt::Address{});
}

void set_path(ngtcp2_path_storage& path, const rt::Address& local, const rt::Address& remote) {
  path.path.local.addr = &path.local_addrbuf.sa;
  path.path.local.addrlen = rt::to_sockaddr(local, path.local_addrbuf.in6);
  path.path.remote.addr = &path.remote_addrbuf.sa;
  path.path.remote.addrlen = rt::to_sockaddr(remote, path.remote_addrbuf.in6);
  path.path.user_data = nullptr;
}

}  // namespace archy::quic
