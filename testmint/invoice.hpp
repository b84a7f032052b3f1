// Makes Lightning invoices, signed. Source: BOLT-11.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/fixed_bytes.hpp"
#include "crypto/scalar.hpp"

namespace archy::testmint {

struct InvoiceTerms {
  std::string prefix = "lnbcrt";  // the chain: "lnbcrt", "lnbc"
  std::uint64_t amount_msat = 0;  // 0: the payer chooses
  std::uint64_t timestamp = 0;    // Units: seconds since 1970, below 2^35
  std::uint64_t expiry_s = 3600;
  Sha256Digest payment_hash;
  std::array<std::uint8_t, 32> payment_secret{};
  std::string description;
};

std::string sign_invoice(const InvoiceTerms& terms, const crypto::Scalar& node_key);

}  // namespace archy::testmint
