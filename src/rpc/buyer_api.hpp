// What the methods need of whoever pays for fetches. Owned by rpc, its user; implemented by app
// over the buyer.
#pragma once

#include "streaming/buyer.hpp"

namespace archy::rpc {

// Thread: the loop. Lifetime: outlives every call. Errors: as streaming::Buyer's; not_found: there
// is no wallet, so nothing was ever bought.
class BuyerApi {
 public:
  virtual ~BuyerApi() = default;
  // Newest first; of one root or of all.
  virtual Result<std::vector<streaming::PurchaseView>> purchases(std::optional<Blake3Hash> blob,
                                                                 std::uint64_t limit) = 0;
};

}  // namespace archy::rpc
