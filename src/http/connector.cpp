#include "http/connector.hpp"

#include "base/test_hooks.hpp"
#include "rt/address_class.hpp"

namespace archy::http {
namespace {

bool is_within(std::string_view host, std::string_view domain) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

std::optional<rt::Address> Connector::pinned(std::string_view host) const {
  for (const auto& [name, address] : options_.pinned) {
    if (name == host) return address;
  }
  return std::nullopt;
}

Result<> Connector::check_host(const Url& url, Reach reach) const {
  if (is_within(url.host, "onion") && !options_.socks5) {
    return fail(Code::unsupported, "a .onion address needs a SOCKS5 proxy");
  }
  const auto literal = rt::parse_address(url.host + ":0");
  if (literal && !may_reach(*literal, reach)) {
    return fail(Code::denied, std::string("the address is not on the public internet but ") +
                                  std::string(to_string(rt::classify(*literal))));
  }
  if (is_within(url.host, "localhost") && !may_reach(rt::Address::loopback(0), reach)) {
    return fail(Code::denied, "the address is not on the public internet but loopback");
  }
  return {};
}

bool Connector::may_connect(const rt::Address& to, Reach reach) const {
  if (options_.socks5) return to == *options_.socks5;
  if (test_hooks::planted("connector_checks_name")) return true;
  return may_reach(to, reach);
}

bool Connector::may_reach(const rt::Address& to, Reach reach) const {
  return reach == Reach::anywhere || options_.allow_private || !rt::is_private(to);
}

}  // namespace archy::http
