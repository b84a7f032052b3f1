#include "quic/connection_config.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace archy::quic {

ngtcp2_settings make_settings(const Config& config, ngtcp2_tstamp now) {
  ngtcp2_settings out;
  ngtcp2_settings_default(&out);
  out.initial_ts = now;
  out.cc_algo = config.congestion == Congestion::bbr ? shim::kBbr : NGTCP2_CC_ALGO_CUBIC;
  out.handshake_timeout = static_cast<ngtcp2_duration>(config.handshake_timeout.count());
  out.max_tx_udp_payload_size = kMaxUdpPayload;
  out.max_stream_window = std::max(config.stream_window, limits::kStreamWindowMax);
  out.max_window = kConnectionWindowFactor * out.max_stream_window;
  shim::set_mtu_probes(out);
  // qlog stays off: CVE-2026-40170 is reachable only through it.
  return out;
}

ngtcp2_transport_params make_params(const Config& config) {
  ngtcp2_transport_params out;
  ngtcp2_transport_params_default(&out);
  out.initial_max_stream_data_bidi_local = config.stream_window;
  out.initial_max_stream_data_bidi_remote = config.stream_window;
  out.initial_max_stream_data_uni = 0;
  out.initial_max_data = kConnectionWindowFactor * config.stream_window;
  out.initial_max_streams_bidi = limits::kBidiStreams;
  out.initial_max_streams_uni = 0;
  out.max_idle_timeout = static_cast<ngtcp2_duration>(config.idle_timeout.count());
  out.max_udp_payload_size = kMaxUdpPayload;
  out.active_connection_id_limit = 5;
  return out;
}

}  // namespace archy::quic
