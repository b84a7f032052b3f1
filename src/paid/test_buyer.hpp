// A buyer over a wallet.db in a temporary folder, with tokens that are words: what a MapTill takes.
// For tests only.
#pragma once

#include "paid/test_sellers.hpp"
#include "streaming/buyer.hpp"
#include "wallet/ledger/mint_book.hpp"
#include "wallet/ledger/operation_book.hpp"

namespace archy::paid {

// Every mint is known to it, there is as much as is asked for, and nothing costs a fee.
class WordPurse final : public streaming::Purse {
 public:
  WordPurse(rt::Files& files, rt::Random& random, MapTill& till, const rt::Path& folder)
      : till_(till),
        db_(std::move(*wallet::WalletDb::open(files, folder / "wallet.db"))),
        operations_(*db_, key_, random) {
    mint_ = wallet::MintBook(*db_).add("http://mint-a.test", 1)->id;
  }

  Result<wallet::WalletDb*> database() override { return db_.get(); }
  Result<std::vector<std::string>> accepted_mints() override {
    return std::vector<std::string>{"http://mint-a.test"};
  }
  rt::Task<wallet::OperationView> redeem(Secret<std::string>,
                                         std::function<Result<>(wallet::OperationId)>,
                                         wallet::Patience, std::stop_token) override {
    co_return fail(Code::unsupported);
  }
  rt::Task<wallet::OperationView> hand_out(std::string, cashu::Amount, std::string,
                                           wallet::Patience, std::stop_token) override {
    co_return fail(Code::unsupported);
  }
  rt::Task<wallet::PaymentOutcome> pay(wallet::PaymentTerms terms, std::string key,
                                       wallet::Patience, std::stop_token) override {
    ++payments;
    if (is_empty) co_return wallet::NoPayment{wallet::Refusal::no_balance, "empty"};
    wallet::NewOperation asked{.kind = wallet::OperationKind::send,
                               .mint = mint_,
                               .amount = terms.amount,
                               .idempotency_key = key};
    CO_TRY(operation, operations_.begin(asked, 1));
    operation.state = wallet::OperationState::done;
    operation.stage = wallet::Stage::handed;
    CO_TRY_OK(operations_.update(operation, 1));
    till_.values[word_of(operation.id)] = terms.amount.value();
    spent += terms.amount.value();
    co_return wallet::Payment{operation.id, "http://mint-a.test", terms.amount, cashu::Amount(0)};
  }
  Result<Secret<std::string>> token_of(wallet::OperationId id) override {
    return Secret<std::string>(word_of(id));
  }
  rt::Task<wallet::OperationView> take_back(wallet::OperationId sent, wallet::Patience,
                                            std::stop_token stop) override {
    if (stop.stop_requested()) co_return fail(Code::cancelled);
    CO_TRY(operation, operations_.find(sent));
    const bool redeemed = till_.spent.contains(word_of(sent));
    operation->stage = redeemed ? wallet::Stage::redeemed : wallet::Stage::undone;
    CO_TRY_OK(operations_.update(*operation, 1));
    if (redeemed) co_return fail(Code::denied, "it was redeemed");
    till_.values.erase(word_of(sent));
    spent -= operation->amount.value();
    co_return show(sent);
  }
  Result<wallet::OperationView> show(wallet::OperationId id) override {
    TRY(operation, operations_.find(id));
    if (!operation) return fail(Code::not_found);
    return wallet::OperationView{*operation, "http://mint-a.test", {}, {}, {}};
  }

  int payments = 0;         // asked for
  std::uint64_t spent = 0;  // in tokens that were not had back. Units: sat
  bool is_empty = false;

 private:
  static std::string word_of(wallet::OperationId id) { return "t" + std::to_string(id.value()); }

  MapTill& till_;
  std::unique_ptr<wallet::WalletDb> db_;
  const crypto::SealKey key_{{1, 2, 3}};
  wallet::OperationBook operations_;
  wallet::MintId mint_;
};

}  // namespace archy::paid
