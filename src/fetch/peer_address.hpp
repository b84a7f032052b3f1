// A peer as people and tickets name it: who it is, and where it is said to be.
#pragma once

#include <vector>

#include "base/fixed_bytes.hpp"
#include "rt/address.hpp"

namespace archy::fetch {

struct PeerAddress {
  EndpointId id;                       // certain: a connection proves it
  std::vector<rt::Address> addresses;  // hearsay; one may be dead, or somebody else's
};

}  // namespace archy::fetch
