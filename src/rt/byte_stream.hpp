// A byte stream in two directions, as protocols use it: look at what is buffered, consume what was
// understood.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "rt/task.hpp"

namespace archy::rt {

// Thread: the loop. One reader and one writer coroutine at a time. A stream outlives its pending
// calls.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Waits until at least `n` contiguous bytes are buffered or the other side has finished; returns
  // how many are buffered then (fewer than n only at the end). Requires: n <= the receive window.
  // Errors: peer_fault / denied / try_later / ... by the reset code's meaning to the transport's
  // user, cancelled, unreachable when the connection went away.
  virtual Task<std::size_t> fill(std::size_t n) = 0;
  // The bytes buffered now. Valid until the next consume() or the next suspension of this reader.
  virtual ByteView buffered() const = 0;
  // Requires: n <= buffered().size(). Opens the other side's window by as much.
  virtual void consume(std::size_t n) = 0;
  // True when the other side has finished and everything was consumed.
  virtual bool at_end() const = 0;

  // Queues bytes; suspends while more than the send bound is waiting. Takes ownership: no copy.
  virtual Task<> write(Bytes bytes) = 0;
  // No more writes follow. Returns at once; what is queued is still delivered.
  virtual void finish() = 0;
  // Abandon the writing half, telling the other side why. What is queued is dropped; a pending or
  // later write() ends with cancelled. Nothing to do after finish() was delivered.
  virtual void reset(std::uint64_t code) = 0;
  // Ask the other side to stop sending; what it still sends is dropped. A pending or later fill()
  // ends with cancelled: this is how a deadline or a stop token ends a reader.
  virtual void stop(std::uint64_t code) = 0;
};

}  // namespace archy::rt
