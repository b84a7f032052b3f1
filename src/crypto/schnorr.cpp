#include "crypto/schnorr.hpp"

#include <secp256k1_recovery.h>
#include <secp256k1_schnorrsig.h>
#include <sodium.h>

#include "base/check.hpp"
#include "crypto/secp256k1_context.hpp"

namespace archy::crypto {
namespace {

struct KeyPair {
  secp256k1_keypair pair;
  explicit KeyPair(const Scalar& key) {
    CHECK(secp256k1_keypair_create(secp256k1(), &pair, key.reveal().data()) == 1);
  }
  ~KeyPair() { sodium_memzero(&pair, sizeof pair); }
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
};

}  // namespace

SchnorrSignature schnorr_sign(const Scalar& key, const Sha256Digest& digest) {
  const KeyPair pair(key);
  std::array<std::uint8_t, 32> aux;
  randombytes_buf(aux.data(), aux.size());
  SchnorrSignature out;
  CHECK(secp256k1_schnorrsig_sign32(secp256k1(), out.data(), digest.bytes.data(), &pair.pair,
                                    aux.data()) == 1);
  return out;
}

bool schnorr_verify(const XOnlyKey& key, const Sha256Digest& digest,
                    const SchnorrSignature& signature) {
  secp256k1_xonly_pubkey parsed;
  return secp256k1_xonly_pubkey_parse(secp256k1(), &parsed, key.data()) == 1 &&
         secp256k1_schnorrsig_verify(secp256k1(), signature.data(), digest.bytes.data(),
                                     digest.bytes.size(), &parsed) == 1;
}

bool ecdsa_verify(const Point& key, const Sha256Digest& digest, const EcdsaSignature& signature) {
  secp256k1_ecdsa_signature parsed;
  if (secp256k1_ecdsa_signature_parse_compact(secp256k1(), &parsed, signature.data()) != 1) {
    return false;
  }
  secp256k1_ecdsa_signature_normalize(secp256k1(), &parsed, &parsed);
  return secp256k1_ecdsa_verify(secp256k1(), &parsed, digest.bytes.data(), PointAccess::raw(key)) ==
         1;
}

Result<Point> ecdsa_recover(const Sha256Digest& digest, const EcdsaSignature& signature,
                            std::uint8_t recovery) {
  secp256k1_ecdsa_recoverable_signature parsed;
  Point out = PointAccess::blank();
  if (recovery > 3 ||
      secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1(), &parsed, signature.data(),
                                                          recovery) != 1 ||
      secp256k1_ecdsa_recover(secp256k1(), PointAccess::raw(out), &parsed, digest.bytes.data()) !=
          1) {
    return fail(Code::bad_input, "no key made this signature");
  }
  return out;
}

}  // namespace archy::crypto
