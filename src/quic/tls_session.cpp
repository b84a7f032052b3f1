#include "quic/tls_session.hpp"

#include <fmt/core.h>
#include <gnutls/gnutls.h>

namespace archy::quic {
namespace {

int verify_callback(gnutls_session_t session) {
  auto* ref = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
  return static_cast<TlsSession*>(ref->user_data)->verify_peer();
}

}  // namespace

TlsSession::TlsSession() {
  ref_.user_data = this;
  ref_.get_conn = [](ngtcp2_crypto_conn_ref* ref) {
    return static_cast<TlsSession*>(ref->user_data)->conn_;
  };
}

TlsSession::~TlsSession() {
  if (session_) gnutls_deinit(session_);
}

Result<> TlsSession::start(const Identity& identity, unsigned flags,
                           const std::vector<std::string>& alpns) {
  int rv = gnutls_init(&session_, flags | GNUTLS_NO_TICKETS);
  if (rv == 0) rv = gnutls_priority_set(session_, identity.priority());
  if (rv == 0)
    rv = gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, identity.credentials());
  if (rv == 0) {
    gnutls_session_set_ptr(session_, &ref_);
    rv = (flags & GNUTLS_SERVER) != 0 ? ngtcp2_crypto_gnutls_configure_server_session(session_)
                                      : ngtcp2_crypto_gnutls_configure_client_session(session_);
  }
  if (rv != 0) return fail(Code::unsupported, fmt::format("TLS: {}", gnutls_strerror(rv)));
  std::vector<gnutls_datum_t> names;
  for (const auto& alpn : alpns) {
    names.push_back({reinterpret_cast<unsigned char*>(const_cast<char*>(alpn.data())),
                     static_cast<unsigned>(alpn.size())});
  }
  rv = gnutls_alpn_set_protocols(session_, names.data(), static_cast<unsigned>(names.size()),
                                 GNUTLS_ALPN_MANDATORY);
  if (rv != 0) return fail(Code::bad_input, fmt::format("ALPN: {}", gnutls_strerror(rv)));
  gnutls_session_set_verify_function(session_, verify_callback);
  return {};
}

Result<std::unique_ptr<TlsSession>> TlsSession::client(const Identity& identity,
                                                       const std::string& alpn,
                                                       const EndpointId& expected,
                                                       const TlsOverrides& overrides) {
  std::unique_ptr<TlsSession> out(new TlsSession);
  out->expected_ = expected;
  const unsigned raw = overrides.no_raw_key ? 0u : GNUTLS_ENABLE_RAWPK;
  TRY_OK(out->start(identity, GNUTLS_CLIENT | raw, {alpn}));
  if (!overrides.server_name.empty()) {
    gnutls_server_name_set(out->session_, GNUTLS_NAME_DNS, overrides.server_name.data(),
                           overrides.server_name.size());
  }
  return out;
}

Result<std::unique_ptr<TlsSession>> TlsSession::server(const Identity& identity,
                                                       const std::vector<std::string>& alpns) {
  std::unique_ptr<TlsSession> out(new TlsSession);
  TRY_OK(out->start(identity, GNUTLS_SERVER | GNUTLS_ENABLE_RAWPK, alpns));
  // Without this an anonymous client would complete the handshake.
  gnutls_certificate_server_set_request(out->session_, GNUTLS_CERT_REQUIRE);
  return out;
}

void TlsSession::attach(ngtcp2_conn* conn) {
  conn_ = conn;
  ngtcp2_conn_set_tls_native_handle(conn, session_);
}

std::string TlsSession::alpn() const {
  gnutls_datum_t name{nullptr, 0};
  if (gnutls_alpn_get_selected_protocol(session_, &name) != 0) return {};
  return {reinterpret_cast<const char*>(name.data), name.size};
}

std::string_view TlsSession::group() const {
  switch (gnutls_group_get(session_)) {
    case GNUTLS_GROUP_X25519:
      return "x25519";
    case GNUTLS_GROUP_SECP256R1:
      return "p256";
    default:
      return "other";
  }
}

int TlsSession::verify_peer() {
  if (gnutls_certificate_type_get2(session_, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_RAWPK) {
    key_failure_ = "the peer sent a certificate, not a raw public key";
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
  unsigned count = 0;
  const gnutls_datum_t* certificates = gnutls_certificate_get_peers(session_, &count);
  if (!certificates || count != 1) {
    key_failure_ = "the peer did not send exactly one public key";
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
  const auto id = id_from_spki({certificates[0].data, certificates[0].size});
  if (!id) {
    key_failure_ = "the peer's public key is not Ed25519";
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
  if (expected_ && *id != *expected_) {
    key_failure_ = fmt::format("the peer proved key {}, not {}", id->hex(), expected_->hex());
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
  peer_ = *id;
  return 0;
}

}  // namespace archy::quic
