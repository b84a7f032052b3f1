#include "app/peer_door.hpp"

namespace archy::app {

std::vector<rt::Address> advertised_addresses(rt::DatagramNetwork& network,
                                              const rt::Address& bind) {
  if (!rt::is_unspecified(bind)) return {bind};
  std::vector<rt::Address> reachable;
  for (rt::Address address : network.interface_addresses()) {
    if (address.v6 != bind.v6 || rt::is_loopback(address)) continue;
    // A link-local v6 address means nothing without its interface.
    if (address.v6 && address.ip[0] == 0xfe && (address.ip[1] & 0xc0) == 0x80) continue;
    address.port = bind.port;
    reachable.push_back(address);
  }
  if (reachable.empty() && !bind.v6) reachable.push_back(rt::Address::loopback(bind.port));
  return reachable;
}

}  // namespace archy::app
