// What may be sent unpaid of content that is free in itself, while an error keeps the gate from
// knowing: so much a day for a peer, for the addresses it comes from, and for all of them. Counted
// in wallet.db before it is used; a counter that cannot be read or written grants nothing.
#pragma once

#include <map>
#include <string>

#include "base/fixed_bytes.hpp"
#include "streaming/service.hpp"
#include "wallet/ledger/wallet_db.hpp"

namespace archy::streaming {

inline constexpr std::uint64_t kGraceOfPeer = 64u << 20;
inline constexpr std::uint64_t kGraceOfPrefix = 64u << 20;
inline constexpr std::uint64_t kGraceOfNode = std::uint64_t{1} << 30;
// Counted ahead of sending at a time. Units: bytes.
inline constexpr std::uint64_t kGraceStep = 1u << 20;

struct GraceTaken {
  std::uint64_t peer = 0, prefix = 0, node = 0;
};
// How much more of at most `asked` bytes; 0: the day's budget is used up. Pure.
std::uint64_t grace_left(const GraceTaken& taken, bool has_prefix, std::uint64_t asked);

// Thread: the loop. What was counted ahead and not used is kept in memory, and lost with it.
class Grace {
 public:
  // `prefix`: of the peer's address, empty: not known. All of `bytes` or nothing. Errors: the
  // database's.
  Result<bool> take(wallet::WalletDb& db, const EndpointId& peer, std::string_view prefix,
                    ServiceId service, std::uint64_t bytes, std::int64_t now_ms);
  // Whether one byte could be taken.
  Result<bool> has_room(wallet::WalletDb& db, const EndpointId& peer, std::string_view prefix,
                        std::int64_t now_ms);

 private:
  std::int64_t day_ = 0;
  std::map<EndpointId, std::uint64_t> ahead_;  // of day_
};

}  // namespace archy::streaming
