// The wallet of a world as buyers and sellers see it: whichever runs at the moment.
#pragma once

#include "sim/money/wallet_world.hpp"
#include "streaming/purse.hpp"

namespace archy::sim {

// Lifetime: within the world's.
class BuyersPurse final : public streaming::Purse {
 public:
  explicit BuyersPurse(WalletWorld& world) : world_(world) {}

  Result<wallet::WalletDb*> database() override {
    if (!world_.is_running()) return fail(Code::not_found, "there is no wallet");
    return &world_.wallet().database();
  }
  Result<std::vector<std::string>> accepted_mints() override {
    return world_.wallet().accepted_mints();
  }
  rt::Task<wallet::OperationView> redeem(Secret<std::string>,
                                         std::function<Result<>(wallet::OperationId)>,
                                         wallet::Patience, std::stop_token) override {
    co_return fail(Code::unsupported, "buyers redeem nothing");
  }
  rt::Task<wallet::OperationView> hand_out(std::string mint, cashu::Amount amount, std::string key,
                                           wallet::Patience patience,
                                           std::stop_token stop) override {
    wallet::Wallet& wallet = world_.wallet();
    wallet::SendTerms terms{.amount = amount};
    CO_TRY(sent, co_await wallet.send(std::move(terms), {}, {std::move(mint), std::move(key)},
                                      patience, std::move(stop)));
    co_return wallet.show(sent.id);
  }
  rt::Task<wallet::PaymentOutcome> pay(wallet::PaymentTerms terms, std::string key,
                                       wallet::Patience patience, std::stop_token stop) override {
    ++payments;
    return world_.wallet().build_payment_token(std::move(terms), std::move(key), patience,
                                               std::move(stop));
  }
  Result<Secret<std::string>> token_of(wallet::OperationId id) override {
    return world_.wallet().token_of(id);
  }
  rt::Task<wallet::OperationView> take_back(wallet::OperationId sent, wallet::Patience patience,
                                            std::stop_token stop) override {
    wallet::Wallet& wallet = world_.wallet();
    CO_TRY(operation, co_await wallet.take_back(sent, patience, std::move(stop)));
    co_return wallet.show(operation.id);
  }
  Result<wallet::OperationView> show(wallet::OperationId id) override {
    return world_.wallet().show(id);
  }

  int payments = 0;  // asked for

 private:
  WalletWorld& world_;
};

}  // namespace archy::sim
