// What bearer tokens with a cap have spent. In memory, as the tokens are: a restart ends both.
// Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace archy::rpc {

// Thread: the loop. Invariant: what is taken and spent of a token never exceeds its cap, nor what
// is taken on one day its cap of a day. Days are those of UTC.
class Allowances {
 public:
  struct Asked {
    std::uint64_t token = 0;  // its id
    std::uint64_t cap_sats = UINT64_MAX;
    std::uint64_t day_cap_sats = UINT64_MAX;
    std::int64_t day = 0;  // today. Units: days since 1970
    std::uint64_t amount_sats = 0;
    std::uint64_t most_fee_sats = 0;  // as much of it as there is room for
    std::string key = {};             // the caller's name for it, or empty
    std::string request = {};         // what is asked for: all that the key stands for
  };
  struct Taken {
    std::uint64_t token = 0;
    std::uint64_t number = 0;
    std::uint64_t most_fee_sats = 0;  // to go on with
  };

  // Takes room for the worst that it can cost. With a key that was counted before nothing is taken
  // again, and the fee limit is the one of then. Errors: denied: there is less left, or the key was
  // used for another request. Each take is followed by one settle or leave.
  Result<Taken> take(const Asked& asked);
  // What was paid on the way to it, within the worst: it counts whatever becomes of the rest.
  void add(const Taken& taken, std::uint64_t sats);
  // It has cost so much beside that, whatever was taken; none: this call has begun nothing. Room
  // is given back when no other call with its key has, or still may.
  void settle(const Taken& taken, std::optional<std::uint64_t> cost_sats);
  // Nobody can tell: it counts as the worst.
  void leave(const Taken& taken);
  std::uint64_t spent(std::uint64_t token) const;
  std::uint64_t spent_on(std::uint64_t token, std::int64_t day) const;

 private:
  struct Entry {
    std::string key;
    std::string request;
    std::int64_t day = 0;
    std::uint64_t cost_sats = 0;  // the worst while it is not settled
    std::uint64_t most_fee_sats = 0;
    std::uint64_t added_sats = 0;
    std::uint64_t calls = 1;    // under way
    bool may_be_begun = false;  // by a call that has ended
    bool is_settled = false;

    std::uint64_t sats() const {
      return is_settled ? cost_sats + added_sats : std::max(cost_sats, added_sats);
    }
  };
  struct Account {
    std::uint64_t settled_sats = 0;  // of entries without a key, which are not kept
    std::int64_t last_day = 0;       // that anything was settled of
    std::uint64_t last_day_sats = 0;
    std::map<std::uint64_t, Entry> entries;  // under way, or with a key
  };
  Entry* find(const Taken& taken);
  void forget(const Taken& taken);

  std::map<std::uint64_t, Account> accounts_;
  std::uint64_t next_ = 1;
};

}  // namespace archy::rpc
