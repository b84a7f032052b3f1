#include "quic/identity.hpp"

#include <fmt/core.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>

namespace archy::quic {
namespace {

// AES-128-GCM first, and our order wins as a server: an iroh client lists AES-256 first, which
// costs half as much again.
constexpr const char* kPriority =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
    "-SIGN-ALL:+SIGN-EDDSA-ED25519:%SERVER_PRECEDENCE:%DISABLE_TLS13_COMPAT_MODE:-GROUP-ALL:";
constexpr const char* kGroups = "+GROUP-X25519:+GROUP-SECP256R1:";
constexpr const char* kGroupP256 = "+GROUP-SECP256R1:";
constexpr const char* kRawKeys = "-CTYPE-CLI-ALL:+CTYPE-CLI-RAWPK:-CTYPE-SRV-ALL:+CTYPE-SRV-RAWPK";
constexpr const char* kX509 = "-CTYPE-CLI-ALL:+CTYPE-CLI-X509:-CTYPE-SRV-ALL:+CTYPE-SRV-X509";

// Source: RFC 8410 section 7 (PKCS #8 without attributes).
constexpr std::array<std::uint8_t, 16> kPkcs8Prefix = {
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

std::unexpected<Error> tls_failure(const char* what, int code) {
  return fail(Code::unsupported, fmt::format("TLS: {}: {}", what, gnutls_strerror(code)));
}

Result<EndpointId> public_id(const gnutls_datum_t& pkcs8, std::array<std::uint8_t, 44>& spki) {
  gnutls_privkey_t secret = nullptr;
  gnutls_pubkey_t open = nullptr;
  gnutls_datum_t der{nullptr, 0};
  int rv = gnutls_privkey_init(&secret);
  if (rv == 0) rv = gnutls_pubkey_init(&open);
  if (rv == 0) {
    rv = gnutls_privkey_import_x509_raw(secret, &pkcs8, GNUTLS_X509_FMT_DER, nullptr, 0);
  }
  if (rv == 0) rv = gnutls_pubkey_import_privkey(open, secret, 0, 0);
  if (rv == 0) rv = gnutls_pubkey_export2(open, GNUTLS_X509_FMT_DER, &der);
  std::optional<EndpointId> id;
  if (rv == 0) id = id_from_spki({der.data, der.size});
  if (id) std::copy_n(der.data, spki.size(), spki.begin());
  gnutls_free(der.data);
  if (open) gnutls_pubkey_deinit(open);
  if (secret) gnutls_privkey_deinit(secret);
  if (rv != 0) return tls_failure("Ed25519 key", rv);
  if (!id) return fail(Code::unsupported, "TLS: unexpected public key form");
  return *id;
}

// Answers a CertificateRequest with an empty Certificate message, while raw keys stay on offer.
int no_certificate(gnutls_session_t, const struct gnutls_cert_retr_st*, gnutls_pcert_st**,
                   unsigned* count, gnutls_ocsp_data_st**, unsigned*, gnutls_privkey_t*,
                   unsigned*) {
  *count = 0;
  return 0;
}

}  // namespace

std::optional<EndpointId> id_from_spki(ByteView spki) {
  if (spki.size() != kSpkiBytes) return std::nullopt;
  if (!std::equal(kSpkiPrefix.begin(), kSpkiPrefix.end(), spki.begin())) return std::nullopt;
  return EndpointId::from(spki.subspan(kSpkiPrefix.size()));
}

Result<std::unique_ptr<Identity>> Identity::make(const crypto::Ed25519Seed& seed,
                                                 const TlsOverrides& overrides) {
  std::unique_ptr<Identity> out(new Identity(seed));
  std::array<std::uint8_t, 48> pkcs8;
  std::copy(kPkcs8Prefix.begin(), kPkcs8Prefix.end(), pkcs8.begin());
  std::copy_n(seed.reveal().begin(), 32, pkcs8.begin() + kPkcs8Prefix.size());
  std::array<std::uint8_t, 44> spki;
  const gnutls_datum_t secret{pkcs8.data(), static_cast<unsigned>(pkcs8.size())};
  auto id = public_id(secret, spki);
  if (!id) return fail(std::move(id).error());
  out->id_ = *id;

  int rv = gnutls_certificate_allocate_credentials(&out->credentials_);
  if (rv != 0) return tls_failure("credentials", rv);
  if (overrides.no_certificate) {
    gnutls_certificate_set_retrieve_function3(out->credentials_, no_certificate);
  } else {
    const gnutls_datum_t open{spki.data(), static_cast<unsigned>(spki.size())};
    rv =
        gnutls_certificate_set_rawpk_key_mem(out->credentials_, &open, &secret, GNUTLS_X509_FMT_DER,
                                             nullptr, GNUTLS_KEY_DIGITAL_SIGNATURE, nullptr, 0, 0);
    if (rv != 0) return tls_failure("raw public key", rv);
  }
  gnutls_memset(pkcs8.data(), 0, pkcs8.size());
  std::string priority = kPriority;
  priority += overrides.p256_only ? kGroupP256 : kGroups;
  priority += overrides.no_raw_key ? kX509 : kRawKeys;
  rv = gnutls_priority_init(&out->priority_, priority.c_str(), nullptr);
  if (rv != 0) return tls_failure("priorities", rv);
  return out;
}

Identity::~Identity() {
  if (priority_) gnutls_priority_deinit(priority_);
  if (credentials_) gnutls_certificate_free_credentials(credentials_);
}

std::array<std::uint8_t, 32> Identity::derive_secret(std::string_view label) const {
  std::array<std::uint8_t, 32> out{};
  const auto& key = seed_.reveal();
  (void)gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.data(), key.size(), label.data(), label.size(),
                         out.data());
  return out;
}

}  // namespace archy::quic
