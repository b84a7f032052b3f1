// How connections end: ngtcp2's and TLS's codes as CloseInfo, and CloseInfo as what a caller can
// do.
#pragma once

#include "quic/ngtcp2_shim.hpp"
#include "quic/types.hpp"

namespace archy::quic {

// Bytes of a reason we send or keep: the peer's text is untrusted and costs memory.
inline constexpr std::size_t kReasonBytes = 256;

CloseInfo close_from_wire(CloseInfo::By by, const shim::CloseError& error);
// The failed connect(): denied for a wrong key, wrong ALPN or refused handshake, try_later for
// CONNECTION_REFUSED, timed_out when nobody answered, unreachable otherwise.
Error connect_error(const CloseInfo& close, const std::string& key_failure,
                    const std::string& alpn);
// An operation on a connection that is gone. Code: unreachable.
Error gone_error(const CloseInfo& close);
// The code a stream's user sees for the peer's RESET_STREAM or STOP_SENDING.
// Source: iroh-blobs error codes: 1 permission, 2 limit.
Error stream_error(std::string_view what, std::uint64_t code);
// Shape: "closed by peer: application code 1: reason".
std::string describe(const CloseInfo& close);

}  // namespace archy::quic
