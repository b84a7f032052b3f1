// The mint's proof that it signed with the key that everybody knows, and not with one that marks
// this wallet: log_G(A) = log_B_(C_). Numbers only; when a proof may be missing is decided in
// checked_proof.hpp. Source: NUT-12.
#pragma once

#include <array>
#include <span>

#include "crypto/point.hpp"

namespace archy::cashu {

// As the mint sends it: nothing secret.
struct Dleq {
  std::array<std::uint8_t, 32> e{};
  std::array<std::uint8_t, 32> s{};
  bool operator==(const Dleq&) const = default;
};

// Alice's check, with the key A for the signature's amount. Cost: 200 us.
bool dleq_holds(const Dleq& dleq, const crypto::Point& mint_key, const crypto::Point& b_blinded,
                const crypto::Point& c_blinded);
// Carol's: she has the unblinded signature C of the secret with this Y, and r. Cost: 260 us.
bool dleq_holds_for_proof(const Dleq& dleq, const crypto::Scalar& r, const crypto::Point& mint_key,
                          const crypto::Point& y, const crypto::Point& c);

// The mint's side. The nonce follows from its arguments: no randomness to get wrong.
Dleq prove_dleq(const crypto::Scalar& mint_secret, const crypto::Point& b_blinded,
                const crypto::Point& c_blinded);

// SHA-256 of the points' uncompressed forms as text of hex digits.
std::array<std::uint8_t, 32> dleq_hash(std::span<const crypto::Point> points);

}  // namespace archy::cashu
