// Bytes of one stream on their way out: owned chunks that stay where they are until acknowledged,
// because ngtcp2 keeps pointers into them for retransmission.
#pragma once

#include <deque>
#include <span>

#include "quic/ngtcp2_shim.hpp"

namespace archy::quic {

// Invariant: acked <= sent <= queued; every byte at or after acked is at a stable address.
class SendQueue {
 public:
  // No copy, except that pieces below kSmallBytes are gathered into one chunk.
  void push(Bytes bytes);
  std::uint64_t queued() const { return queued_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t acked() const { return acked_; }
  std::uint64_t unsent() const { return queued_ - sent_; }
  // The next unsent bytes, at least `enough` where there are; returns how many of `out` were
  // filled.
  std::size_t next(std::span<ngtcp2_vec> out, std::size_t enough) const;
  // Requires: n <= unsent().
  void mark_sent(std::size_t n);
  // The peer has everything below `offset`.
  void mark_acked(std::uint64_t offset);
  // Sending is over: what was never sent goes now, what was stays until clear().
  void drop_unsent();
  // Requires: ngtcp2 has forgotten the stream.
  void clear();

 private:
  static constexpr std::size_t kSmallBytes = 1024;
  static constexpr std::size_t kGatherBytes = 4096;

  std::deque<Bytes> chunks_;
  std::uint64_t base_ = 0;      // stream offset of the first chunk
  std::size_t send_chunk_ = 0;  // where the next unsent byte is
  std::size_t send_in_chunk_ = 0;
  std::uint64_t queued_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
};

}  // namespace archy::quic
