// Peers whose tokens were none, again and again: after kMostRefused of them within a minute a
// peer's tokens are not looked at for a minute. In memory, of at most kMostRefusedPeers: beyond
// that the one that was refused longest ago is forgotten.
#pragma once

#include <array>
#include <chrono>
#include <map>

#include "base/fixed_bytes.hpp"
#include "rt/clock.hpp"

namespace archy::streaming {

inline constexpr std::size_t kMostRefused = 16;
inline constexpr std::size_t kMostRefusedPeers = 4096;
inline constexpr rt::Duration kRefusedFor = std::chrono::minutes(1);

// Thread: the loop.
class Refusals {
 public:
  void note(const EndpointId& peer, rt::Instant now);
  bool is_shut_out(const EndpointId& peer, rt::Instant now) const;
  std::size_t size() const { return peers_.size(); }

 private:
  struct Refused {
    std::array<rt::Instant, kMostRefused> last{};  // a ring
    std::size_t count = 0;
    rt::Instant latest{};
    rt::Instant shut_until{};
  };
  void make_room(rt::Instant now);
  std::map<EndpointId, Refused> peers_;
};

}  // namespace archy::streaming
