// Tickets: where to find whom, and for what, as one word that people copy. `KIND` and the base32 of
// a postcard message; no checksum. Source: iroh-tickets 1.0, iroh-blobs 0.103 ticket.rs. Page:
// doc/formats/ticket.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "rt/address.hpp"
#include "store/blob_store.hpp"

namespace archy::blobs {

inline constexpr std::size_t kTicketBytes = 8192;    // characters
inline constexpr std::size_t kTicketAddresses = 64;  // of either kind

// Everything needed to fetch one blob or sequence from one node.
struct BlobTicket {
  EndpointId peer;
  std::optional<std::string> relay;    // a URL, in normal form
  std::vector<rt::Address> addresses;  // read and written sorted, without doubles
  store::HashAndFormat target;
  bool operator==(const BlobTicket&) const = default;
};

// How to reach one node.
struct EndpointTicket {
  EndpointId id;
  std::vector<std::string> relays;  // URLs in normal form, sorted
  std::vector<rt::Address> addresses;
  bool operator==(const EndpointTicket&) const = default;
};

std::string to_string(const BlobTicket& ticket);
std::string to_string(const EndpointTicket& ticket);

// The word after the prefix may be in any case. Errors: bad_input, one line that says what is wrong
// (prefix, base32, cut short, id that is no key, relay that is no URL, trailing bytes); unsupported
// on a later ticket variant.
Result<BlobTicket> parse_blob_ticket(std::string_view text);
// Addresses of kinds we do not know are left out.
Result<EndpointTicket> parse_endpoint_ticket(std::string_view text);

// An endpoint id as people type it, checked to be a usable key. Errors: bad_input.
Result<EndpointId> parse_endpoint_id(std::string_view text);

}  // namespace archy::blobs
