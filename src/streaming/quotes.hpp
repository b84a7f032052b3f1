// Prices that were named to peers, and hold for two minutes. In memory, at most kMostQuotes: beyond
// that the oldest is forgotten, and its peer pays what it costs by then.
#pragma once

#include <map>

#include "rt/clock.hpp"
#include "rt/random.hpp"
#include "streaming/session_book.hpp"

namespace archy::streaming {

inline constexpr std::size_t kMostQuotes = 4096;

// Thread: the loop.
class Quotes {
 public:
  // A fresh id. Shape: 32 hex digits.
  static std::string new_id(rt::Random& random);
  // Its id; the same one for the same terms while they hold, which is from now for two minutes.
  std::string name(const Scope& scope, const Price& terms, rt::Instant now, rt::Random& random);
  // The terms for whoever pays now: those that hold, or `current`, whichever cost less for so many
  // units.
  Price best(const Scope& scope, const Price& current, std::uint64_t units, rt::Instant now) const;
  std::size_t size() const { return quotes_.size(); }

 private:
  struct Named {
    std::string id;
    Price terms;
    rt::Instant until;
  };
  void make_room(rt::Instant now);
  std::multimap<Scope, Named> quotes_;
};

}  // namespace archy::streaming
