#include "quic/recv_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"

namespace archy::quic {

void RecvBuffer::append(ByteView more) {
  if (more.empty()) return;
  if (capacity_ - tail_ < more.size()) {
    const std::size_t live = size();
    if (head_ >= live && capacity_ - live >= more.size()) {
      std::memmove(bytes_.get(), bytes_.get() + head_, live);
    } else {
      const std::size_t needed = std::max(kFirstBytes, 2 * (live + more.size()));
      auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(needed);
      if (live > 0) std::memcpy(larger.get(), bytes_.get() + head_, live);
      bytes_ = std::move(larger);
      capacity_ = needed;
    }
    head_ = 0;
    tail_ = live;
  }
  std::memcpy(bytes_.get() + tail_, more.data(), more.size());
  tail_ += more.size();
}

void RecvBuffer::consume(std::size_t n) {
  CHECK(n <= size());
  head_ += n;
  if (head_ != tail_) return;
  head_ = tail_ = 0;
  if (capacity_ > kKeepBytes) clear();
}

void RecvBuffer::clear() {
  bytes_.reset();
  capacity_ = head_ = tail_ = 0;
}

}  // namespace archy::quic
