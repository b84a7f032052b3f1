#include "quic/send_queue.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace archy::quic {

void SendQueue::push(Bytes bytes) {
  if (bytes.empty()) return;
  queued_ += bytes.size();
  if (bytes.size() < kSmallBytes) {
    // Appending within the capacity moves nothing, so pointers already handed out stay good.
    if (!chunks_.empty() && chunks_.back().capacity() == kGatherBytes &&
        kGatherBytes - chunks_.back().size() >= bytes.size()) {
      append(chunks_.back(), bytes);
      return;
    }
    Bytes gathered;
    gathered.reserve(kGatherBytes);
    append(gathered, bytes);
    bytes = std::move(gathered);
  }
  chunks_.push_back(std::move(bytes));
}

std::size_t SendQueue::next(std::span<ngtcp2_vec> out, std::size_t enough) const {
  std::size_t filled = 0;
  std::size_t bytes = 0;
  std::size_t in_chunk = send_in_chunk_;
  for (std::size_t i = send_chunk_; i < chunks_.size() && filled < out.size() && bytes < enough;
       ++i) {
    if (in_chunk < chunks_[i].size()) {
      out[filled++] = {const_cast<std::uint8_t*>(chunks_[i].data()) + in_chunk,
                       chunks_[i].size() - in_chunk};
      bytes += chunks_[i].size() - in_chunk;
    }
    in_chunk = 0;
  }
  return filled;
}

void SendQueue::mark_sent(std::size_t n) {
  CHECK(n <= unsent());
  sent_ += n;
  while (n > 0) {
    const std::size_t left = chunks_[send_chunk_].size() - send_in_chunk_;
    if (n < left) {
      send_in_chunk_ += n;
      return;
    }
    n -= left;
    send_in_chunk_ += left;
    // The last chunk may still grow (gathering), so the position stays at its end.
    if (send_chunk_ + 1 == chunks_.size()) return;
    ++send_chunk_;
    send_in_chunk_ = 0;
  }
}

void SendQueue::mark_acked(std::uint64_t offset) {
  CHECK(offset <= sent_);
  if (offset <= acked_) return;
  acked_ = offset;
  while (!chunks_.empty() && base_ + chunks_.front().size() <= acked_) {
    // A gathering chunk at the very end with room left is kept only while it is the send position.
    if (send_chunk_ == 0 && send_in_chunk_ < chunks_.front().size()) return;
    base_ += chunks_.front().size();
    chunks_.pop_front();
    if (send_chunk_ > 0) {
      --send_chunk_;
    } else {
      send_in_chunk_ = 0;
    }
  }
}

void SendQueue::drop_unsent() {
  if (unsent() == 0) return;
  // The chunk being sent holds bytes in flight: it stays whole, later ones go.
  const std::size_t keep = send_in_chunk_ > 0 ? send_chunk_ + 1 : send_chunk_;
  chunks_.resize(std::min(keep, chunks_.size()));
  queued_ = sent_;
}

void SendQueue::clear() {
  chunks_.clear();
  chunks_.shrink_to_fit();
  queued_ = sent_;
  send_chunk_ = send_in_chunk_ = 0;
}

}  // namespace archy::quic
