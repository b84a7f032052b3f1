#include "streaming/refusals.hpp"

#include <algorithm>

namespace archy::streaming {

void Refusals::note(const EndpointId& peer, rt::Instant now) {
  if (!peers_.contains(peer)) make_room(now);
  Refused& refused = peers_[peer];
  refused.last[refused.count++ % kMostRefused] = now;
  refused.latest = now;
  if (refused.count < kMostRefused) return;
  const rt::Instant oldest = refused.last[refused.count % kMostRefused];
  if (now - oldest < kRefusedFor) refused.shut_until = now + kRefusedFor;
}

bool Refusals::is_shut_out(const EndpointId& peer, rt::Instant now) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && now < found->second.shut_until;
}

// Whoever is shut out is so for a minute after the latest refusal: the first step forgets none of
// them, the second only where all are this young.
void Refusals::make_room(rt::Instant now) {
  if (peers_.size() < kMostRefusedPeers) return;
  std::erase_if(peers_,
                [&](const auto& entry) { return now - entry.second.latest >= kRefusedFor; });
  if (peers_.size() < kMostRefusedPeers) return;
  peers_.erase(
      std::ranges::min_element(peers_, {}, [](const auto& entry) { return entry.second.latest; }));
}

}  // namespace archy::streaming
