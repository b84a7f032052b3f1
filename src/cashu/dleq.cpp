#include "cashu/dleq.hpp"

#include "base/check.hpp"
#include "base/hex.hpp"
#include "crypto/hmac_sha256.hpp"
#include "crypto/sha256.hpp"

namespace archy::cashu {
namespace {

constexpr std::string_view kNonceDomain = "Cashu_DLEQ_R_v1";

crypto::Scalar nonce_for(const crypto::Scalar& a, const crypto::Point& mint_key,
                         const crypto::Point& b_blinded, const crypto::Point& c_blinded) {
  Bytes message = to_bytes(as_bytes(kNonceDomain));
  for (const auto* point : {&mint_key, &b_blinded, &c_blinded}) {
    append(message, point->uncompressed());
  }
  message.push_back(0);
  for (unsigned counter = 0; counter < 256; ++counter) {
    message.back() = static_cast<std::uint8_t>(counter);
    if (auto nonce = crypto::Scalar::parse(crypto::hmac_sha256(a.reveal(), message))) return *nonce;
  }
  CHECK(false);  // 256 hashes in a row above the order: 1 in 2^32512
}

}  // namespace

std::array<std::uint8_t, 32> dleq_hash(std::span<const crypto::Point> points) {
  crypto::Sha256 hasher;
  for (const auto& point : points) hasher.update(as_bytes(to_hex(point.uncompressed())));
  return hasher.finish().bytes;
}

bool dleq_holds(const Dleq& dleq, const crypto::Point& mint_key, const crypto::Point& b_blinded,
                const crypto::Point& c_blinded) {
  const auto e = crypto::Scalar::parse(dleq.e);
  const auto s = crypto::Scalar::parse(dleq.s);
  if (!e || !s) return false;
  const crypto::Scalar minus_e = e->negated();
  const auto r1 = mint_key.times(minus_e).plus_base(*s);
  const auto r2 = b_blinded.times(*s).plus(c_blinded.times(minus_e));
  if (!r1 || !r2) return false;
  return dleq_hash(std::array{*r1, *r2, mint_key, c_blinded}) == dleq.e;
}

bool dleq_holds_for_proof(const Dleq& dleq, const crypto::Scalar& r, const crypto::Point& mint_key,
                          const crypto::Point& y, const crypto::Point& c) {
  const auto c_blinded = c.plus(mint_key.times(r));
  const auto b_blinded = y.plus_base(r);
  return c_blinded && b_blinded && dleq_holds(dleq, mint_key, *b_blinded, *c_blinded);
}

Dleq prove_dleq(const crypto::Scalar& mint_secret, const crypto::Point& b_blinded,
                const crypto::Point& c_blinded) {
  const auto mint_key = crypto::Point::of(mint_secret);
  const auto nonce = nonce_for(mint_secret, mint_key, b_blinded, c_blinded);
  Dleq out;
  out.e =
      dleq_hash(std::array{crypto::Point::of(nonce), b_blinded.times(nonce), mint_key, c_blinded});
  const auto e = crypto::Scalar::parse(out.e);
  CHECK(e.has_value());  // 1 in 2^127
  const auto s = nonce.plus(e->times(mint_secret));
  CHECK(s.has_value());
  out.s = s->reveal();
  return out;
}

}  // namespace archy::cashu
