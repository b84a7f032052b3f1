#include "crypto/seal.hpp"

#include <sodium.h>

namespace archy::crypto {

static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);
static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == std::tuple_size_v<SealNonce>);
static_assert(kSealOverheadBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES +
                                        crypto_aead_xchacha20poly1305_ietf_ABYTES);

Bytes seal(const SealKey& key, const SealNonce& nonce, ByteView plain, std::string_view place) {
  Bytes out(nonce.begin(), nonce.end());
  out.resize(kSealOverheadBytes + plain.size());
  const ByteView bound = as_bytes(place);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + nonce.size(), nullptr, plain.data(),
                                             plain.size(), bound.data(), bound.size(), nullptr,
                                             nonce.data(), key.reveal().data());
  return out;
}

Result<Secret<Bytes>> open_sealed(const SealKey& key, ByteView sealed, std::string_view place) {
  const auto refused = [] { return fail(Code::corrupt, "sealed bytes do not open"); };
  if (sealed.size() < kSealOverheadBytes) return refused();
  const ByteView nonce = sealed.first(sizeof(SealNonce));
  const ByteView body = sealed.subspan(sizeof(SealNonce));
  const ByteView bound = as_bytes(place);
  Bytes plain(sealed.size() - kSealOverheadBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, body.data(),
                                                 body.size(), bound.data(), bound.size(),
                                                 nonce.data(), key.reveal().data()) != 0) {
    return refused();
  }
  return Secret<Bytes>(std::move(plain));
}

}  // namespace archy::crypto
