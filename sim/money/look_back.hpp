// What has to be true of everything that a wallet did, once all of it has ended.
#pragma once

#include <map>

#include "sim/money/recorder.hpp"
#include "sim/money/wallet_world.hpp"

namespace archy::sim {

// What was asked of it.
struct Asked {
  // The most that a melt, or a swap between mints, may cost in fees.
  std::map<wallet::OperationId, cashu::Amount> caps;
  std::vector<wallet::OperationId> tokens;  // sends
};

// 1. no counter stands in two bodies; 2. no fee is over its cap; 3. going on with what has ended
// changes nothing; 4. nothing that was ever sent could still be executed; 5. no token, and no
// secret of one, stands on the disk; 6. a swap between mints has paid once where it is done, else
// never. Gives what is not so, or nothing.
std::string look_back(WalletWorld& world, Recorder& recorder, const Asked& asked);

// Of a request that is about to leave: a payment of a swap between mints stands beside the stored
// claim, a claim behind the booked payment. Gives what is not so, or nothing.
std::string out_of_order(wallet::Wallet& wallet, const std::string& url);

}  // namespace archy::sim
