#include "quic/stream_table.hpp"

#include <algorithm>

namespace archy::quic {

void StreamTable::add(std::shared_ptr<StreamState> stream) {
  streams_.emplace(stream->id, std::move(stream));
}

StreamState* StreamTable::find(std::int64_t id) {
  if (id == last_id_) return last_;
  const auto at = streams_.find(id);
  if (at == streams_.end()) return nullptr;
  last_id_ = id;
  return last_ = at->second.get();
}

std::shared_ptr<StreamState> StreamTable::remove(std::int64_t id) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return nullptr;
  auto out = std::move(at->second);
  streams_.erase(at);
  last_id_ = -1;
  last_ = nullptr;
  if (out->scheduled) {
    std::erase(sending_, out.get());
    out->scheduled = false;
  }
  return out;
}

void StreamTable::schedule(StreamState& stream) {
  if (stream.scheduled || stream.forgotten || !stream.wants_to_send()) return;
  stream.scheduled = true;
  sending_.push_back(&stream);
}

StreamState* StreamTable::sending() {
  while (!sending_.empty()) {
    StreamState* stream = sending_.front();
    if (stream->wants_to_send()) return stream;
    skip_sending();
  }
  return nullptr;
}

void StreamTable::skip_sending() {
  sending_.front()->scheduled = false;
  sending_.pop_front();
}

void StreamTable::rotate_sending() {
  if (sending_.size() < 2) return;
  sending_.push_back(sending_.front());
  sending_.pop_front();
}

std::shared_ptr<StreamState> StreamTable::take_offered() {
  if (offered_.empty()) return nullptr;
  auto out = std::move(offered_.front());
  offered_.pop_front();
  return out;
}

bool StreamTable::withdraw_offered(const StreamState& stream) {
  return std::erase_if(offered_, [&](const auto& other) { return other.get() == &stream; }) > 0;
}

void StreamTable::mark_dirty(StreamState& stream) {
  if (stream.dirty) return;
  stream.dirty = true;
  dirty_.push_back(stream.shared_from_this());
}

void StreamTable::wake_dirty() {
  for (const auto& stream : dirty_) {
    stream->dirty = false;
    stream->wake();
  }
  dirty_.clear();
}

void StreamTable::lose_all(const Error& error) {
  for (const auto& [id, stream] : streams_) stream->on_lost(error);
  for (const auto& stream : offered_) stream->on_lost(error);
  sending_.clear();
  offered_.clear();
  wake_dirty();
  streams_.clear();
  last_id_ = -1;
  last_ = nullptr;
}

}  // namespace archy::quic
