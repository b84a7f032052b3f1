// Received, unread bytes of one stream as one contiguous view.
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace archy::quic {

// Its size is bounded by the flow-control window the peer was granted, not here.
// Cost: append is one copy; bytes still unread are moved only when they are fewer than those
// already consumed in front of them, so each byte moves at most once more.
class RecvBuffer {
 public:
  ByteView view() const { return {bytes_.get() + head_, tail_ - head_}; }
  std::size_t size() const { return tail_ - head_; }
  std::size_t capacity() const { return capacity_; }
  void append(ByteView more);
  // Requires: n <= size().
  void consume(std::size_t n);
  // Forgets everything and gives the memory back.
  void clear();

 private:
  // A drained buffer larger than this goes back to the allocator: an idle stream costs little.
  static constexpr std::size_t kKeepBytes = 1u << 20;
  static constexpr std::size_t kFirstBytes = 4096;

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace archy::quic
