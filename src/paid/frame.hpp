// One frame each way on a stream of `archy/paid-blobs/1`: a u32 length (little-endian), that many
// bytes of JSON, FIN. A frame that is too long, cut short, followed by anything, or late is none.
#pragma once

#include "base/secret.hpp"
#include "paid/messages.hpp"
#include "quic/types.hpp"

namespace archy::paid {

struct FrameLimits {
  rt::Duration first_byte = std::chrono::seconds(5);
  rt::Duration whole = std::chrono::seconds(10);
};

// The length and `json`. Requires: json.size() <= kFrameBytes.
Bytes framed(std::string_view json);
// What `bytes` hold up to the FIN. Errors: bad_input. Pure.
Result<std::string_view> unframed(ByteView bytes);

// Reads one frame. What came may be a token: a secret. Errors: bad_input; timed_out: it is late,
// and the stream's reading half is stopped; cancelled; the transport's.
rt::Task<Secret<std::string>> read_frame(rt::Clock& clock, quic::Stream& stream, FrameLimits limits,
                                         std::stop_token stop);
// Writes one and finishes. Errors: the transport's.
rt::Task<> write_frame(quic::Stream& stream, Secret<std::string> json);

}  // namespace archy::paid
