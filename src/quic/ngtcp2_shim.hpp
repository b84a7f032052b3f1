// ngtcp2 0.12 (Debian 12) and 1.x under one set of names. The only file that looks at the version.
// Nothing outside src/quic includes it.
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <string_view>

#include "base/bytes.hpp"

namespace archy::quic::shim {

#if NGTCP2_VERSION_NUM < 0x010000
using CloseError = ngtcp2_connection_close_error;
inline constexpr auto kCloseApplication = NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION;
inline void close_error_default(CloseError& e) { ngtcp2_connection_close_error_default(&e); }
inline void set_transport(CloseError& e, std::uint64_t code, std::string_view reason) {
  ngtcp2_connection_close_error_set_transport_error(
      &e, code, reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size());
}
inline void set_liberr(CloseError& e, int liberr) {
  ngtcp2_connection_close_error_set_transport_error_liberr(&e, liberr, nullptr, 0);
}
inline void set_tls_alert(CloseError& e, std::uint8_t alert) {
  ngtcp2_connection_close_error_set_transport_error_tls_alert(&e, alert, nullptr, 0);
}
inline void set_application(CloseError& e, std::uint64_t code, std::string_view reason) {
  ngtcp2_connection_close_error_set_application_error(
      &e, code, reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size());
}
inline CloseError close_error_of(ngtcp2_conn* conn) {
  CloseError out;
  ngtcp2_conn_get_connection_close_error(conn, &out);
  return out;
}
using ConnStat = ngtcp2_conn_stat;
inline ConnStat stat_of(ngtcp2_conn* conn) {
  ConnStat out;
  ngtcp2_conn_get_conn_stat(conn, &out);
  return out;
}
inline ByteView token_of(const ngtcp2_pkt_hd& hd) { return {hd.token.base, hd.token.len}; }
inline void set_token(ngtcp2_settings& settings, ByteView token, bool /*retry*/) {
  settings.token = {const_cast<std::uint8_t*>(token.data()), token.size()};
}
inline void set_original_dcid(ngtcp2_transport_params& params, const ngtcp2_cid& cid) {
  params.original_dcid = cid;
}
inline int shutdown_write(ngtcp2_conn* conn, std::int64_t stream, std::uint64_t code) {
  return ngtcp2_conn_shutdown_stream_write(conn, stream, code);
}
inline int shutdown_read(ngtcp2_conn* conn, std::int64_t stream, std::uint64_t code) {
  return ngtcp2_conn_shutdown_stream_read(conn, stream, code);
}
// 0.12 calls the algorithm that 1.x kept under the name BBR "BBR2"; its first BBR is gone since.
inline constexpr auto kBbr = NGTCP2_CC_ALGO_BBR2;
// 0.12 has its own list of path MTU probes, up to 1444 bytes.
inline void set_mtu_probes(ngtcp2_settings&) {}
#else
using CloseError = ngtcp2_ccerr;
inline constexpr auto kCloseApplication = NGTCP2_CCERR_TYPE_APPLICATION;
inline void close_error_default(CloseError& e) { ngtcp2_ccerr_default(&e); }
inline void set_transport(CloseError& e, std::uint64_t code, std::string_view reason) {
  ngtcp2_ccerr_set_transport_error(&e, code, reinterpret_cast<const std::uint8_t*>(reason.data()),
                                   reason.size());
}
inline void set_liberr(CloseError& e, int liberr) {
  ngtcp2_ccerr_set_liberr(&e, liberr, nullptr, 0);
}
inline void set_tls_alert(CloseError& e, std::uint8_t alert) {
  ngtcp2_ccerr_set_tls_alert(&e, alert, nullptr, 0);
}
inline void set_application(CloseError& e, std::uint64_t code, std::string_view reason) {
  ngtcp2_ccerr_set_application_error(&e, code, reinterpret_cast<const std::uint8_t*>(reason.data()),
                                     reason.size());
}
inline CloseError close_error_of(ngtcp2_conn* conn) { return *ngtcp2_conn_get_ccerr(conn); }
using ConnStat = ngtcp2_conn_info;
inline ConnStat stat_of(ngtcp2_conn* conn) {
  ConnStat out;
  ngtcp2_conn_get_conn_info(conn, &out);
  return out;
}
inline ByteView token_of(const ngtcp2_pkt_hd& hd) { return {hd.token, hd.tokenlen}; }
inline void set_token(ngtcp2_settings& settings, ByteView token, bool retry) {
  settings.token = token.data();
  settings.tokenlen = token.size();
  settings.token_type = retry ? NGTCP2_TOKEN_TYPE_RETRY : NGTCP2_TOKEN_TYPE_UNKNOWN;
}
inline void set_original_dcid(ngtcp2_transport_params& params, const ngtcp2_cid& cid) {
  params.original_dcid = cid;
  params.original_dcid_present = 1;
}
inline int shutdown_write(ngtcp2_conn* conn, std::int64_t stream, std::uint64_t code) {
  return ngtcp2_conn_shutdown_stream_write(conn, 0, stream, code);
}
inline int shutdown_read(ngtcp2_conn* conn, std::int64_t stream, std::uint64_t code) {
  return ngtcp2_conn_shutdown_stream_read(conn, 0, stream, code);
}
inline constexpr auto kBbr = NGTCP2_CC_ALGO_BBR;
inline void set_mtu_probes(ngtcp2_settings& settings) {
  static constexpr std::uint16_t kProbes[] = {1452, 1406, 1342, 1232};
  settings.pmtud_probes = kProbes;
  settings.pmtud_probeslen = sizeof kProbes / sizeof kProbes[0];
}
#endif

}  // namespace archy::quic::shim
