// The buyer's insides: buyer.cpp begins and ends purchases, buyer_recovery.cpp has tokens back.
#pragma once

#include <set>

#include "rt/signal.hpp"
#include "streaming/purchase_book.hpp"

namespace archy::streaming {

// Thread and lifetime: as Buyer's.
class Buyer::Impl {
 public:
  Impl(const rt::Env& with_env, Purse& with_purse)
      : env(with_env),
        purse(with_purse),
        built_one(with_env.executor),
        called_one(with_env.executor) {}

  // Lifetime: until the next suspension.
  Result<PurchaseBook> book() {
    TRY(db, purse.database());
    return PurchaseBook(*db);
  }
  std::int64_t now_ms() const { return env.clock.unix_ms(); }
  std::int64_t a_day_ago() const { return now_ms() - 86'400'000; }

  // Errors: denied: a cap, or a seller who took and gave nothing; the database's.
  Result<PurchaseRow> begin(const PaymentPolicy& policy, const Purchase& what,
                            std::vector<std::string> mints, Amount price);
  // The token of a row, built now or before. Errors: payment_needed (too little ecash is free) and
  // denied: there is none, and the row is at its end; whatever else: it is not decided.
  rt::Task<> build(PurchaseRow& row, Amount soon, std::stop_token stop);
  Result<Instalment> instalment_of(const PurchaseRow& row);
  rt::Task<Instalment> buy(PaymentPolicy policy, Purchase what, std::vector<std::string> mints,
                           Amount price, Amount soon, std::stop_token stop);

  rt::Task<PurchaseState> call_back(PurchaseId id, std::stop_token stop);
  rt::Task<> take_back(PurchaseRow& row, std::stop_token stop);
  // How it is by what the wallet knows of the token now.
  Result<> settle_by_token(PurchaseRow& row);

  rt::Env env;
  Purse& purse;
  int building = 0;                  // payments, now
  rt::Signal built_one;              // one of them is through, either way
  std::set<PurchaseId> in_hand;      // somebody is about to hand these out, or has
  std::set<PurchaseId> called_back;  // and these are being had back
  rt::Signal called_one;             // one of them is through
};

}  // namespace archy::streaming
