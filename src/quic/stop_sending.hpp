// Finds STOP_SENDING frames in a decrypted packet. ngtcp2 acts on them (it resets the stream) but
// tells nobody, and a writer that waits for a window would wait for ever.
#pragma once

#include <span>

#include "base/bytes.hpp"

namespace archy::quic {

struct StopSending {
  std::uint64_t stream = 0;
  std::uint64_t code = 0;
};

// Source: RFC 9000 section 19. Stops at the first frame it does not know or that is cut short
// (ngtcp2 refuses such a packet). Returns how many of `out` were filled; more frames than that are
// left out.
std::size_t find_stop_sending(ByteView payload, std::span<StopSending> out);

}  // namespace archy::quic
