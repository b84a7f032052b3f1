// The part of an address that whoever has one has all of: what a peer cannot change at will.
#pragma once

#include "base/hex.hpp"
#include "rt/address.hpp"

namespace archy::paid {

// Shape: "v4 c0a801" (/24) or "v6 20010db800000000" (/64).
inline std::string prefix_of(const rt::Address& address) {
  const ByteView ip(address.ip);
  return address.v6 ? "v6 " + to_hex(ip.first(8)) : "v4 " + to_hex(ip.first(3));
}

}  // namespace archy::paid
