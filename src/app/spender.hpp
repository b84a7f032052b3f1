// Who pays for fetches of a node: the buyer over its wallet, under the caps of the settings.
#pragma once

#include "app/peer_door.hpp"
#include "rpc/buyer_api.hpp"
#include "rt/scope.hpp"
#include "settings/settings.hpp"

namespace archy::app {

// The caps of `payment.*`.
streaming::PaymentPolicy payment_policy(const settings::Settings& settings);

// Thread: the loop. Lifetime: env and purse outlive it; close() has been awaited before the
// destructor.
class Spender final : public rpc::BuyerApi {
 public:
  Spender(const rt::Env& env, streaming::Purse& purse)
      : env_(env), buyer_(env_, purse), scope_(env_.executor) {}

  // For a fetch that begins now. Where nothing may be paid: nobody.
  Payer payer(const settings::Settings& settings);
  streaming::Buyer& buyer() { return buyer_; }
  Result<std::vector<streaming::PurchaseView>> purchases(std::optional<Blake3Hash> blob,
                                                         std::uint64_t limit) override {
    return buyer_.purchases(blob, limit);
  }
  // From here on what is open of purchases is gone on with, now and every minute.
  void look_after_open();
  boost::asio::awaitable<void> close();

 private:
  boost::asio::awaitable<void> look_after(std::stop_token stop);

  rt::Env env_;
  streaming::Buyer buyer_;
  rt::Scope scope_;
};

}  // namespace archy::app
