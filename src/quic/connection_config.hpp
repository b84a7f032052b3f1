// What ngtcp2 is told when a connection begins: settings and transport parameters.
#pragma once

#include "quic/ngtcp2_shim.hpp"
#include "quic/types.hpp"

namespace archy::quic {

// The monotonic instant as ngtcp2 counts it. Units: nanoseconds.
inline ngtcp2_tstamp to_ngtcp2(rt::Instant instant) {
  return static_cast<ngtcp2_tstamp>(instant.time_since_epoch().count());
}

// A connection's receive window is this many initial stream windows.
inline constexpr std::uint64_t kConnectionWindowFactor = 2;
// iroh's own max_udp_payload_size; path MTU discovery finds what really fits.
inline constexpr std::size_t kMaxUdpPayload = 1472;

ngtcp2_settings make_settings(const Config& config, ngtcp2_tstamp now);
ngtcp2_transport_params make_params(const Config& config);

}  // namespace archy::quic
