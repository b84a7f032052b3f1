#include "blobs/ticket.hpp"

#include <algorithm>

#include "crypto/ed25519.hpp"
#include "wire/base32.hpp"
#include "wire/id_text.hpp"
#include "wire/postcard.hpp"
#include "wire/url.hpp"

namespace archy::blobs {
namespace {

constexpr std::string_view kBlobKind = "blob";
constexpr std::string_view kEndpointKind = "endpoint";
// Variants of TransportAddr.
constexpr std::uint32_t kRelayAddress = 0;
constexpr std::uint32_t kIpAddress = 1;
constexpr std::uint32_t kCustomAddress = 2;

template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto doubles = std::ranges::unique(values);
  values.erase(doubles.begin(), doubles.end());
}

void write_address(wire::PostcardWriter& out, const rt::Address& address) {
  out.number(address.v6 ? 1 : 0)
      .raw(ByteView(address.ip).first(address.v6 ? 16 : 4))
      .number(address.port);
}

Result<rt::Address> read_address(wire::PostcardReader& in) {
  TRY(family, in.u32());
  if (family > 1) return fail(Code::bad_input, "unknown address family");
  rt::Address out;
  out.v6 = family == 1;
  TRY(ip, in.raw(out.v6 ? 16 : 4));
  std::ranges::copy(ip, out.ip.begin());
  TRY(port, in.u16());
  out.port = port;
  return out;
}

Result<std::string> read_relay(wire::PostcardReader& in) {
  TRY(text, in.string(wire::kUrlBytes));
  auto url = wire::parse_url(text);
  if (!url) return fail_in("relay", url.error());
  return wire::to_string(*url);
}

Result<EndpointId> read_id(wire::PostcardReader& in) {
  TRY(id, in.bytes32<EndpointId>());
  if (!crypto::is_valid_public_key(id)) return fail(Code::bad_input, "endpoint id is not a key");
  return id;
}

// The bytes after the prefix.
Result<Bytes> unwrap(std::string_view text, std::string_view kind) {
  if (text.size() > kTicketBytes) return fail(Code::bad_input, "longer than 8192 characters");
  if (!text.starts_with(kind)) {
    return fail(Code::bad_input, "does not start with \"" + std::string(kind) + "\"");
  }
  return wire::from_base32(text.substr(kind.size()));
}

Result<> read_variant(wire::PostcardReader& in) {
  TRY(variant, in.u32());
  if (variant != 0) return fail(Code::unsupported, "a later version of ticket");
  return {};
}

Result<> expect_end(const wire::PostcardReader& in) {
  if (!in.at_end()) return fail(Code::bad_input, "bytes after the end");
  return {};
}

Result<BlobTicket> read_blob_ticket(std::string_view text) {
  TRY(bytes, unwrap(text, kBlobKind));
  wire::PostcardReader in(bytes);
  TRY_OK(read_variant(in));
  BlobTicket out;
  TRY(id, read_id(in));
  out.peer = id;
  TRY(has_relay, in.boolean());
  if (has_relay) {
    TRY(relay, read_relay(in));
    out.relay = std::move(relay);
  }
  TRY(count, in.count(kTicketAddresses, 6));
  for (std::size_t i = 0; i < count; ++i) {
    TRY(address, read_address(in));
    out.addresses.push_back(address);
  }
  sort_unique(out.addresses);
  TRY(format, in.u32());
  if (format > 1) return fail(Code::bad_input, "unknown blob format");
  out.target.format = static_cast<store::Format>(format);
  TRY(hash, in.bytes32<Blake3Hash>());
  out.target.hash = hash;
  TRY_OK(expect_end(in));
  return out;
}

Result<EndpointTicket> read_endpoint_ticket(std::string_view text) {
  TRY(bytes, unwrap(text, kEndpointKind));
  wire::PostcardReader in(bytes);
  TRY_OK(read_variant(in));
  EndpointTicket out;
  TRY(id, read_id(in));
  out.id = id;
  TRY(count, in.count(kTicketAddresses, 2));
  for (std::size_t i = 0; i < count; ++i) {
    TRY(kind, in.u32());
    if (kind == kRelayAddress) {
      TRY(relay, read_relay(in));
      out.relays.push_back(std::move(relay));
    } else if (kind == kIpAddress) {
      TRY(address, read_address(in));
      out.addresses.push_back(address);
    } else if (kind == kCustomAddress) {
      TRY_OK(in.u64());
      TRY_OK(in.byte_string());
    } else {
      return fail(Code::bad_input, "unknown kind of address");
    }
  }
  sort_unique(out.relays);
  sort_unique(out.addresses);
  TRY_OK(expect_end(in));
  return out;
}

std::string normal_relay(const std::string& relay) {
  auto url = wire::parse_url(relay);
  return url ? wire::to_string(*url) : relay;
}

}  // namespace

std::string to_string(const BlobTicket& ticket) {
  wire::PostcardWriter out;
  out.number(0).raw(ticket.peer.view()).boolean(ticket.relay.has_value());
  if (ticket.relay) out.string(normal_relay(*ticket.relay));
  auto addresses = ticket.addresses;
  sort_unique(addresses);
  out.number(addresses.size());
  for (const auto& address : addresses) write_address(out, address);
  out.number(static_cast<std::uint64_t>(ticket.target.format)).raw(ticket.target.hash.view());
  return std::string(kBlobKind) + wire::to_base32(out.bytes());
}

std::string to_string(const EndpointTicket& ticket) {
  std::vector<std::string> relays;
  for (const auto& relay : ticket.relays) relays.push_back(normal_relay(relay));
  sort_unique(relays);
  auto addresses = ticket.addresses;
  sort_unique(addresses);
  wire::PostcardWriter out;
  out.number(0).raw(ticket.id.view()).number(relays.size() + addresses.size());
  for (const auto& relay : relays) out.number(kRelayAddress).string(relay);
  for (const auto& address : addresses) {
    out.number(kIpAddress);
    write_address(out, address);
  }
  return std::string(kEndpointKind) + wire::to_base32(out.bytes());
}

Result<BlobTicket> parse_blob_ticket(std::string_view text) {
  auto parsed = read_blob_ticket(text);
  if (!parsed) return fail_in("blob ticket", parsed.error());
  return parsed;
}

Result<EndpointTicket> parse_endpoint_ticket(std::string_view text) {
  auto parsed = read_endpoint_ticket(text);
  if (!parsed) return fail_in("endpoint ticket", parsed.error());
  return parsed;
}

Result<EndpointId> parse_endpoint_id(std::string_view text) {
  TRY(id, wire::parse_endpoint_id_text(text));
  if (!crypto::is_valid_public_key(id)) return fail(Code::bad_input, "endpoint id: not a key");
  return id;
}

}  // namespace archy::blobs
