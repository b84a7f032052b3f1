#include "wallet/ledger/wallet_keys.hpp"

#include "base/check.hpp"
#include "crypto/hmac_sha256.hpp"

namespace archy::wallet {

std::array<std::uint8_t, 32> WalletKeys::derived(std::string_view use, std::uint64_t index) const {
  const std::string message = std::string(use) + ' ' + std::to_string(index);
  return crypto::hmac_sha256(seed_.reveal(), as_bytes(message));
}

crypto::Scalar WalletKeys::scalar(std::string_view use, std::uint64_t index) const {
  const auto out = crypto::Scalar::reduce(derived(use, index));
  CHECK(out.has_value());  // 0 and n are no honest hash
  return *out;
}

crypto::SealKey WalletKeys::seal_key() const {
  return crypto::SealKey(derived("archipelago wallet seal", 0));
}
crypto::SealKey WalletKeys::backup_key() const {
  return crypto::SealKey(derived("archipelago wallet backup", 0));
}
crypto::Scalar WalletKeys::quote_key(std::uint64_t index) const {
  return scalar("archipelago mint quote", index);
}
crypto::Scalar WalletKeys::lock_key() const { return scalar("archipelago lock", 0); }

}  // namespace archy::wallet
