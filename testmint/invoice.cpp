#include "testmint/invoice.hpp"

#include <secp256k1_recovery.h>

#include "base/check.hpp"
#include "crypto/sha256.hpp"
#include "wire/bech32.hpp"

namespace archy::testmint {
namespace {

using Groups = std::vector<std::uint8_t>;

constexpr std::uint64_t kMinFinalCltv = 18;
// Bits 8 (onions of any length) and 14 (payment secret), both asked for.
constexpr std::uint64_t kFeatures = 1u << 8 | 1u << 14;

// The number of the letter that names a field.
enum Field : std::uint8_t {
  kPaymentHash = 1,
  kFeatureBits = 5,
  kExpiry = 6,
  kDescription = 13,
  kPaymentSecret = 16,
  kCltv = 24,
};

Groups groups_of_number(std::uint64_t value, std::size_t at_least = 1) {
  Groups out;
  for (; value != 0 || out.size() < at_least; value >>= 5) {
    out.insert(out.begin(), static_cast<std::uint8_t>(value & 31));
  }
  return out;
}

// Zero bits fill the last group.
Groups groups_of_bytes(ByteView bytes) {
  Groups out;
  unsigned held = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8 | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) {
      out.push_back(static_cast<std::uint8_t>(held >> (bits - 5) & 31));
    }
  }
  if (bits > 0) out.push_back(static_cast<std::uint8_t>(held << (5 - bits) & 31));
  return out;
}

void add_field(Groups& out, Field field, const Groups& data) {
  CHECK(data.size() < 1024);
  out.push_back(field);
  out.push_back(static_cast<std::uint8_t>(data.size() >> 5));
  out.push_back(static_cast<std::uint8_t>(data.size() & 31));
  out.insert(out.end(), data.begin(), data.end());
}

std::string readable_part(const InvoiceTerms& terms) {
  if (terms.amount_msat == 0) return terms.prefix;
  if (terms.amount_msat % 100 == 0)
    return terms.prefix + std::to_string(terms.amount_msat / 100) + "n";
  return terms.prefix + std::to_string(terms.amount_msat * 10) + "p";
}

Sha256Digest signed_digest(const std::string& prefix, Groups groups) {
  const std::size_t bytes = (groups.size() * 5 + 7) / 8;
  groups.insert(groups.end(), {0, 0});
  Bytes packed = wire::packed_groups(groups);
  packed.resize(bytes);
  crypto::Sha256 hasher;
  hasher.update(as_bytes(prefix));
  hasher.update(packed);
  return hasher.finish();
}

// r, s and the number that says which key it was.
std::array<std::uint8_t, 65> sign_recoverable(const crypto::Scalar& key,
                                              const Sha256Digest& digest) {
  static secp256k1_context* const context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
  secp256k1_ecdsa_recoverable_signature signature;
  CHECK(secp256k1_ecdsa_sign_recoverable(context, &signature, digest.bytes.data(),
                                         key.reveal().data(), nullptr, nullptr) == 1);
  std::array<std::uint8_t, 65> out{};
  int recovery = 0;
  secp256k1_ecdsa_recoverable_signature_serialize_compact(context, out.data(), &recovery,
                                                          &signature);
  out[64] = static_cast<std::uint8_t>(recovery);
  return out;
}

}  // namespace

std::string sign_invoice(const InvoiceTerms& terms, const crypto::Scalar& node_key) {
  wire::Bech32 out;
  out.prefix = readable_part(terms);
  out.groups = groups_of_number(terms.timestamp, 7);
  add_field(out.groups, kPaymentHash, groups_of_bytes(terms.payment_hash.view()));
  add_field(out.groups, kPaymentSecret, groups_of_bytes(terms.payment_secret));
  add_field(out.groups, kDescription, groups_of_bytes(as_bytes(terms.description)));
  add_field(out.groups, kExpiry, groups_of_number(terms.expiry_s));
  add_field(out.groups, kCltv, groups_of_number(kMinFinalCltv));
  add_field(out.groups, kFeatureBits, groups_of_number(kFeatures));
  const auto signature = sign_recoverable(node_key, signed_digest(out.prefix, out.groups));
  const Groups signature_groups = groups_of_bytes(signature);
  out.groups.insert(out.groups.end(), signature_groups.begin(), signature_groups.end());
  return wire::to_string(out);
}

}  // namespace archy::testmint
