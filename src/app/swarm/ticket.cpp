#include "blobs/ticket.hpp"

#include "app/peer_door.hpp"

namespace archy::app {

Result<std::string> make_ticket(const EndpointId& id, const std::vector<rt::Address>& addresses,
                                const store::HashAndFormat& content) {
  blobs::BlobTicket ticket;
  ticket.peer = id;
  ticket.addresses = addresses;
  ticket.target = content;
  return blobs::to_string(ticket);
}

Result<Target> parse_ticket(std::string_view text) {
  if (text.starts_with("endpoint")) {
    TRY(endpoint, blobs::parse_endpoint_ticket(text));
    return fail(Code::bad_input,
                "this ticket names a node, not content: use get HASH --from ID@ADDR");
  }
  TRY(ticket, blobs::parse_blob_ticket(text));
  Target target;
  target.content = ticket.target;
  target.peers.push_back({ticket.peer, ticket.addresses});
  return target;
}

}  // namespace archy::app
