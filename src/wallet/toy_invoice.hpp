// Lightning invoices that parse, for tests.
#pragma once

#include "base/fixed_bytes.hpp"
#include "base/hex.hpp"
#include "wire/bech32.hpp"

namespace archy::wallet::test {

// Its signature is of nobody: r is the x of the curve's base point, so that some key is recovered.
inline std::string toy_invoice(const Sha256Digest& payment_hash, std::uint64_t msat,
                               std::uint64_t timestamp_s, std::uint64_t expiry_s = 3600) {
  wire::Bech32 out{"lnbc" + std::to_string(msat * 10) + "p", {}};
  const auto number = [&out](std::uint64_t value, unsigned groups) {
    for (unsigned i = groups; i-- > 0;)
      out.groups.push_back(static_cast<std::uint8_t>(value >> (5 * i) & 31));
  };
  const auto bytes = [&out](ByteView all) {
    unsigned held = 0, bits = 0;
    for (const std::uint8_t byte : all) {
      held = (held << 8 | byte) & 0xfff;
      for (bits += 8; bits >= 5; bits -= 5)
        out.groups.push_back(static_cast<std::uint8_t>(held >> (bits - 5) & 31));
    }
    if (bits > 0) out.groups.push_back(static_cast<std::uint8_t>(held << (5 - bits) & 31));
  };
  const auto field = [&](unsigned letter, unsigned groups) {
    number(letter, 1);
    number(groups, 2);
  };
  number(timestamp_s, 7);
  field(1, 52);  // p
  bytes(payment_hash.view());
  field(6, 4);  // x
  number(expiry_s, 4);
  Bytes signature =
      from_hex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").value();
  signature.resize(65);
  signature[63] = 1;
  bytes(signature);
  return wire::to_string(out);
}

}  // namespace archy::wallet::test
