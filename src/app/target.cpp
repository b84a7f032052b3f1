#include "app/target.hpp"

#include <fmt/core.h>

#include "app/peer_door.hpp"
#include "base/utf8.hpp"
#include "crypto/ed25519.hpp"
#include "wire/id_text.hpp"

namespace archy::app {

Result<Target> parse_target(std::string_view text) {
  // Tickets say what they are; "blob" and "endpoint" are no prefix of any hash.
  if (text.starts_with("blob") || text.starts_with("endpoint")) {
    auto ticket = parse_ticket(text);
    if (!ticket) return fail_in("ticket", ticket.error());
    return ticket;
  }
  auto named = wire::parse_hash_and_format(text);
  if (!named) {
    const std::string shown = escape_for_terminal(text.substr(0, 80));
    return fail(Code::bad_input, fmt::format("'{}' is neither a ticket nor a hash: {}", shown,
                                             to_string(named.error())));
  }
  Target target;
  target.content.hash = named->hash;
  target.content.format = named->hash_seq ? store::Format::hash_seq : store::Format::raw;
  return target;
}

Result<fetch::PeerAddress> parse_peer(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos) {
    return fail(Code::bad_input, fmt::format("peer '{}' is not ID@IP:PORT",
                                             escape_for_terminal(text.substr(0, 120))));
  }
  fetch::PeerAddress peer;
  auto id = wire::parse_endpoint_id_text(text.substr(0, at));
  if (!id) return fail_in("peer id", id.error());
  if (!crypto::is_valid_public_key(*id))
    return fail(Code::bad_input, "peer id is not an Ed25519 public key");
  peer.id = *id;
  std::string_view rest = text.substr(at + 1);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    auto address = rt::parse_address(rest.substr(0, comma));
    if (!address) return fail_in("peer address", address.error());
    peer.addresses.push_back(*address);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  if (peer.addresses.empty()) return fail(Code::bad_input, "peer has no address after '@'");
  return peer;
}

}  // namespace archy::app
