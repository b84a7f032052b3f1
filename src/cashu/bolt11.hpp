// Lightning invoices as a wallet reads them: to see that the invoice is the one it asked for,
// before ecash is melted for it. Nothing is paid here. Source: BOLT-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fixed_bytes.hpp"
#include "crypto/point.hpp"

namespace archy::cashu {

enum class Chain : unsigned char { bitcoin, testnet, signet, regtest };

struct Invoice {
  Chain chain = Chain::bitcoin;
  std::optional<std::uint64_t> amount_msat;  // none: the payer chooses
  std::uint64_t timestamp = 0;               // Units: seconds since 1970
  std::uint64_t expiry_s = 3600;
  Sha256Digest payment_hash;
  std::optional<std::array<std::uint8_t, 32>> payment_secret;
  std::optional<std::string> description;
  std::optional<std::uint64_t> min_final_cltv;
  std::string tags;     // the letters of the fields, in their order
  crypto::Point payee;  // named by the invoice, or recovered from its signature

  // Saturates: an invoice of the year 584 million does not wrap around.
  std::uint64_t expires_at() const;
};

// Its checksum, its amount and its signature are checked. Errors: bad_input, with the reason;
// unsupported: another chain.
Result<Invoice> parse_invoice(std::string_view text);

}  // namespace archy::cashu
