#include "cashu/derivation.hpp"

#include "base/hex.hpp"
#include "crypto/hmac_sha256.hpp"

namespace archy::cashu {
namespace {

using crypto::ExtendedKey;

constexpr std::string_view kDomain = "Cashu_KDF_HMAC_SHA256";
constexpr std::uint32_t kPurpose = 129372;
constexpr std::uint8_t kSecret = 0;
constexpr std::uint8_t kBlinding = 1;

std::unexpected<Error> no_numbers() {
  return fail(Code::not_found, "a counter without numbers: take the next");
}

std::optional<ExtendedKey> hardened(const std::optional<ExtendedKey>& key, std::uint32_t index) {
  return key ? key->child(ExtendedKey::kHardened + index) : std::nullopt;
}

}  // namespace

Derivation::Derivation(const crypto::Bip39Seed& seed) : seed_(seed) {}

Result<BlindingFactors> Derivation::derive(const KeysetId& keyset, std::uint64_t counter) {
  switch (keyset.version()) {
    case KeysetId::Version::v1:
      return derive_v1(keyset, counter);
    case KeysetId::Version::v2:
      return derive_v2(keyset, counter);
    case KeysetId::Version::v2_short:
      return fail(Code::bad_input, "a short keyset id");
    case KeysetId::Version::legacy:
      break;
  }
  return fail(Code::unsupported, "a legacy keyset");
}

Result<BlindingFactors> Derivation::derive_v1(const KeysetId& keyset, std::uint64_t counter) {
  if (counter >= ExtendedKey::kHardened) {
    return fail(Code::unsupported, "a counter beyond 31 bits");
  }
  if (!keyset_key_ || keyset_key_->first != keyset) {
    auto key = hardened(ExtendedKey::master(seed_.reveal()), kPurpose);
    key = hardened(hardened(key, 0), keyset.path_number());
    if (!key) return no_numbers();
    keyset_key_.emplace(keyset, std::move(*key));
  }
  const auto output =
      keyset_key_->second.child(ExtendedKey::kHardened + static_cast<std::uint32_t>(counter));
  static_assert(kSecret == 0 && kBlinding == 1);
  const auto both = output ? output->first_two() : std::nullopt;
  if (!both) return no_numbers();
  return BlindingFactors{ProofSecret(to_hex(both->first.key().reveal())), both->second.key()};
}

Result<BlindingFactors> Derivation::derive_v2(const KeysetId& keyset, std::uint64_t counter) const {
  Bytes message = to_bytes(as_bytes(kDomain));
  append(message, keyset.bytes());
  for (unsigned i = 8; i-- > 0;) message.push_back(static_cast<std::uint8_t>(counter >> (8 * i)));
  message.push_back(kSecret);
  const Secret secret(crypto::hmac_sha256(seed_.reveal(), message));
  message.back() = kBlinding;
  const Secret blinding(crypto::hmac_sha256(seed_.reveal(), message));
  const auto r = crypto::Scalar::reduce(blinding.reveal());
  if (!r) return no_numbers();
  return BlindingFactors{ProofSecret(to_hex(secret.reveal())), *r};
}

}  // namespace archy::cashu
