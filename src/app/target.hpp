// What a person names: content by ticket or hash, and peers by id and address.
#pragma once

#include <string_view>
#include <vector>

#include "fetch/peer_address.hpp"
#include "store/blob_store.hpp"

namespace archy::app {

struct Target {
  store::HashAndFormat content;
  std::vector<fetch::PeerAddress> peers;
};

// A ticket, a hash (64 hex), or a hash sequence ("s" + 64 hex). Errors: bad_input with what is
// wrong with it; unsupported for a ticket in a build without the swarm.
Result<Target> parse_target(std::string_view text);

// ID@IP:PORT[,IP:PORT...]. Errors: bad_input.
Result<fetch::PeerAddress> parse_peer(std::string_view text);

}  // namespace archy::app
