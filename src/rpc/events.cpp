#include "rpc/events.hpp"

namespace archy::rpc {

Event Events::Listener::take() {
  Event out = std::move(waiting_.front());
  waiting_.pop_front();
  return out;
}

void Events::publish(std::string_view name, std::string data) {
  const Event event{next_++, std::string(name), std::move(data)};
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    const auto listener = at->lock();
    if (!listener) {
      at = listeners_.erase(at);
      continue;
    }
    if (listener->waiting_.size() == kEventsBehind) listener->waiting_.pop_front();
    listener->waiting_.push_back(event);
    listener->arrived_.notify();
    ++at;
  }
}

bool Events::heard() const { return listeners() > 0; }

std::size_t Events::listeners() const {
  std::size_t count = 0;
  for (const auto& listener : listeners_) count += listener.expired() ? 0 : 1;
  return count;
}

std::shared_ptr<Events::Listener> Events::listen() {
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  if (listeners_.size() >= kListeners) return nullptr;
  auto out = std::make_shared<Listener>(executor_);
  listeners_.push_back(out);
  return out;
}

}  // namespace archy::rpc
