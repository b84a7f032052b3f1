// One TLS 1.3 handshake with raw public keys on both sides, as ngtcp2's crypto helper drives it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "quic/identity.hpp"
#include "quic/ngtcp2_shim.hpp"

struct gnutls_session_int;

namespace archy::quic {

// Invariants:
// 1. peer() is set only from the key whose CertificateVerify TLS has checked, never from a field.
// 2. A client that expects an id accepts no other key.
// 3. No tickets, no early data: the identity is proven afresh on every connection.
// Thread: the loop. Lifetime: outlives the ngtcp2_conn it is attached to.
class TlsSession {
 public:
  // `alpns`: the one to offer as a client, those accepted as a server. `expected`: the key dialled.
  // Errors: unsupported.
  static Result<std::unique_ptr<TlsSession>> client(const Identity& identity,
                                                    const std::string& alpn,
                                                    const EndpointId& expected,
                                                    const TlsOverrides& overrides);
  static Result<std::unique_ptr<TlsSession>> server(const Identity& identity,
                                                    const std::vector<std::string>& alpns);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;

  void attach(ngtcp2_conn* conn);
  const std::optional<EndpointId>& peer() const { return peer_; }
  // Once the handshake is complete. Shape: empty if none was agreed on.
  std::string alpn() const;
  // Shape: lower case, "x25519" or "p256".
  std::string_view group() const;
  // What went wrong with the peer's key, for people. Empty if nothing did.
  const std::string& key_failure() const { return key_failure_; }
  // Called by GnuTLS when the peer's key has arrived. 0 accepts.
  int verify_peer();

 private:
  TlsSession();
  Result<> start(const Identity& identity, unsigned flags, const std::vector<std::string>& alpns);

  gnutls_session_int* session_ = nullptr;
  ngtcp2_crypto_conn_ref ref_{};
  ngtcp2_conn* conn_ = nullptr;
  std::optional<EndpointId> expected_;
  std::optional<EndpointId> peer_;
  std::string key_failure_;
};

}  // namespace archy::quic
