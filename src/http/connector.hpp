// Where connections of this program may lead: the one judge of every URL it opens. A name is never
// judged, only the address a socket is about to connect to, so no spelling and no change of a DNS
// record between look-up and connection gets around it.
//
// With a SOCKS5 proxy (Tor) every connection goes to the proxy and names are resolved there, never
// here: nothing of them leaks into the local DNS. What a name leads to is the proxy's business
// then; an address in the URL is judged as ever. Without one, .onion names are refused before any
// look-up (RFC 7686).
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "http/url.hpp"
#include "rt/address.hpp"

namespace archy::http {

struct ConnectorOptions {
  std::optional<rt::Address> socks5 = std::nullopt;
  // Every host may be on the operator's own network, whoever named it.
  bool allow_private = false;
  // Names that are not looked up, in lower case; the port is the URL's. Judged like any other.
  std::vector<std::pair<std::string, rt::Address>> pinned = {};
};

// How far one request may reach.
enum class Reach : unsigned char {
  public_only,
  anywhere,  // the operator gave this host himself: it may be on his own network
};

// Immutable. Thread: any.
class Connector {
 public:
  explicit Connector(ConnectorOptions options) : options_(std::move(options)) {}

  const std::optional<rt::Address>& socks5() const { return options_.socks5; }
  // The address of a name that is not looked up.
  std::optional<rt::Address> pinned(std::string_view host) const;
  // Before anything is looked up. Errors: denied (an address or a local name out of reach),
  // unsupported (.onion without a proxy).
  Result<> check_host(const Url& url, Reach reach) const;
  // On the socket that is about to connect. The proxy itself is always allowed, and with one
  // nothing else is.
  bool may_connect(const rt::Address& to, Reach reach) const;

 private:
  bool may_reach(const rt::Address& to, Reach reach) const;

  ConnectorOptions options_;
};

}  // namespace archy::http
