#include "testmint/signing_keyset.hpp"

#include "cashu/dhke.hpp"
#include "crypto/hmac_sha256.hpp"

namespace archy::testmint {

SigningKeyset SigningKeyset::make(ByteView seed, std::uint64_t number, const KeysetPlan& plan) {
  Secrets secrets;
  cashu::KeyByAmount keys;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::string path = std::to_string(number) + "/" + std::to_string(bit);
    const auto secret = crypto::Scalar::reduce(crypto::hmac_sha256(seed, as_bytes(path))).value();
    const cashu::Amount amount(std::uint64_t{1} << bit);
    secrets.emplace(amount, secret);
    keys.emplace(amount, crypto::Point::of(secret));
  }
  cashu::KeysetTerms terms{kUnit, plan.input_fee_ppk, plan.final_expiry};
  const auto id = plan.version == cashu::KeysetId::Version::v1 ? cashu::keyset_id_v1(keys)
                                                               : cashu::keyset_id_v2(keys, terms);
  return {cashu::Keyset::make(id, std::move(terms), std::move(keys)).value(), std::move(secrets)};
}

cashu::BlindSignature SigningKeyset::sign(const crypto::Point& b, cashu::Amount amount) const {
  const crypto::Scalar& key = secrets_.at(amount);
  const auto c = cashu::sign_blinded(key, b);
  return {amount, id(), c, cashu::prove_dleq(key, b, c)};
}

bool SigningKeyset::has_signed(const cashu::Proof& proof) const {
  const auto found = secrets_.find(proof.amount);
  return found != secrets_.end() &&
         cashu::is_signed_by(found->second, as_bytes(proof.secret.reveal()), proof.c);
}

}  // namespace archy::testmint
