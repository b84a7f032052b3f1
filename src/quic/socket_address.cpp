#include "quic/socket_address.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace archy::quic {
namespace {

ngtcp2_socklen fill(const rt::Address& address, ngtcp2_sockaddr_union& out) {
  out = {};
  if (address.v6) {
    out.in6.sin6_family = AF_INET6;
    out.in6.sin6_port = htons(address.port);
    std::memcpy(&out.in6.sin6_addr, address.ip.data(), 16);
    return sizeof out.in6;
  }
  out.in.sin_family = AF_INET;
  out.in.sin_port = htons(address.port);
  std::memcpy(&out.in.sin_addr, address.ip.data(), 4);
  return sizeof out.in;
}

}  // namespace

rt::Address to_address(const ngtcp2_addr& address) {
  rt::Address out;
  if (address.addr->sa_family == AF_INET6) {
    const auto& in6 = *reinterpret_cast<const ngtcp2_sockaddr_in6*>(address.addr);
    out.v6 = true;
    out.port = ntohs(in6.sin6_port);
    std::memcpy(out.ip.data(), &in6.sin6_addr, 16);
  } else {
    const auto& in4 = *reinterpret_cast<const ngtcp2_sockaddr_in*>(address.addr);
    out.port = ntohs(in4.sin_port);
    std::memcpy(out.ip.data(), &in4.sin_addr, 4);
  }
  return out;
}

void set_path(ngtcp2_path_storage& path, const rt::Address& local, const rt::Address& remote) {
  path.path.local.addr = &path.local_addrbuf.sa;
  path.path.local.addrlen = fill(local, path.local_addrbuf);
  path.path.remote.addr = &path.remote_addrbuf.sa;
  path.path.remote.addrlen = fill(remote, path.remote_addrbuf);
  path.path.user_data = nullptr;
}

}  // namespace archy::quic
