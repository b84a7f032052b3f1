// Keys that follow from the wallet's words, each for one use.
#pragma once

#include "crypto/bip39.hpp"
#include "crypto/scalar.hpp"
#include "crypto/seal.hpp"

namespace archy::wallet {

class WalletKeys {
 public:
  explicit WalletKeys(const crypto::Bip39Seed& seed) : seed_(seed) {}

  // What seals the secrets in wallet.db.
  crypto::SealKey seal_key() const;
  // What seals its backups.
  crypto::SealKey backup_key() const;
  // What signs the claim of the index-th quote (NUT-20).
  crypto::Scalar quote_key(std::uint64_t index) const;
  // What others lock ecash to, so that only we can spend it (NUT-11).
  crypto::Scalar lock_key() const;

 private:
  std::array<std::uint8_t, 32> derived(std::string_view use, std::uint64_t index) const;
  crypto::Scalar scalar(std::string_view use, std::uint64_t index) const;

  crypto::Bip39Seed seed_;
};

}  // namespace archy::wallet
