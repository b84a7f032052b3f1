// The one context of libsecp256k1, and its view of our types. Private to crypto's .cpp files.
#pragma once

#include <secp256k1.h>

#include "crypto/point.hpp"

namespace archy::crypto {

// Blinded with fresh randomness at its first use. Thread: any; never changed afterwards.
const secp256k1_context* secp256k1();

class PointAccess {
 public:
  static secp256k1_pubkey* raw(Point& point) {
    return reinterpret_cast<secp256k1_pubkey*>(point.parsed_.data());
  }
  static const secp256k1_pubkey* raw(const Point& point) {
    return reinterpret_cast<const secp256k1_pubkey*>(point.parsed_.data());
  }
  static Point blank() { return {}; }
};

}  // namespace archy::crypto
