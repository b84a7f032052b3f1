// Our Ed25519 key as TLS wants it: GnuTLS credentials that hold one RFC 7250 raw public key.
#pragma once

#include <memory>
#include <optional>

#include "crypto/ed25519.hpp"
#include "quic/tuning.hpp"

// GnuTLS handle types, so that its header stays in the .cpp files.
struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;

namespace archy::quic {

// The certificate of an endpoint is its SubjectPublicKeyInfo: this prefix, then the 32-byte id.
// Source: RFC 8410 section 4.
inline constexpr std::array<std::uint8_t, 12> kSpkiPrefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                             0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
inline constexpr std::size_t kSpkiBytes = 44;

// None unless it is exactly a raw Ed25519 public key.
std::optional<EndpointId> id_from_spki(ByteView spki);

// Lifetime: outlives every TlsSession made from it. Shared by all connections of an endpoint.
class Identity {
 public:
  // Errors: unsupported (the TLS library lacks what we need).
  static Result<std::unique_ptr<Identity>> make(const crypto::Ed25519Seed& seed,
                                                const TlsOverrides& overrides);
  ~Identity();
  Identity(const Identity&) = delete;

  const EndpointId& id() const { return id_; }
  // A 32-byte secret that is the same after a restart with the same key, and different for every
  // `label`: stateless reset tokens stay valid over restarts.
  std::array<std::uint8_t, 32> derive_secret(std::string_view label) const;
  gnutls_certificate_credentials_st* credentials() const { return credentials_; }
  gnutls_priority_st* priority() const { return priority_; }

 private:
  explicit Identity(const crypto::Ed25519Seed& seed) : seed_(seed) {}

  crypto::Ed25519Seed seed_;
  EndpointId id_;
  gnutls_certificate_credentials_st* credentials_ = nullptr;
  gnutls_priority_st* priority_ = nullptr;
};

}  // namespace archy::quic
