// The streams of one connection: by id, those with something to send in their order, those the
// peer opened and nobody took yet, those to look at when the batch ends.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "quic/stream_state.hpp"

namespace archy::quic {

// Bounds: limits::kBidiStreams from the peer at any time (their credit returns only when the stream
// is done and its handle dropped), and as many of ours as the peer allows.
class StreamTable {
 public:
  void add(std::shared_ptr<StreamState> stream);
  StreamState* find(std::int64_t id);
  // Forgets the stream; returns it, null if unknown.
  std::shared_ptr<StreamState> remove(std::int64_t id);

  // Send order: the front sends until it has no more or is blocked, then goes to the back.
  void schedule(StreamState& stream);
  StreamState* sending();
  void skip_sending();
  void rotate_sending();

  void offer(std::shared_ptr<StreamState> stream) { offered_.push_back(std::move(stream)); }
  std::shared_ptr<StreamState> take_offered();
  // True if it was still waiting to be taken.
  bool withdraw_offered(const StreamState& stream);

  void mark_dirty(StreamState& stream);
  void wake_dirty();
  // Every stream ends with `error`; the table is empty afterwards.
  void lose_all(const Error& error);

 private:
  std::map<std::int64_t, std::shared_ptr<StreamState>> streams_;
  std::int64_t last_id_ = -1;  // of the last find(): packets of one stream come in runs
  StreamState* last_ = nullptr;
  std::deque<StreamState*> sending_;
  std::deque<std::shared_ptr<StreamState>> offered_;
  std::vector<std::shared_ptr<StreamState>> dirty_;
};

}  // namespace archy::quic
