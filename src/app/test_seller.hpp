// A seller over a wallet of which only the books are there. For tests only.
#pragma once

#include "app/core.hpp"
#include "app/seller.hpp"
#include "rt/signal.hpp"
#include "streaming/session_book.hpp"
#include "wallet/ledger/book_fixture.hpp"

namespace archy::app {

struct BookPurse final : streaming::Purse {
  explicit BookPurse(wallet::WalletDb& with_db) : db(&with_db) {}
  Result<wallet::WalletDb*> database() override {
    if (db == nullptr) return fail(Code::corrupt, "damaged");
    return db;
  }
  Result<std::vector<std::string>> accepted_mints() override { return nothing(); }
  rt::Task<wallet::OperationView> redeem(Secret<std::string>,
                                         std::function<Result<>(wallet::OperationId)>,
                                         wallet::Patience, std::stop_token) override {
    co_return nothing();
  }
  rt::Task<wallet::OperationView> hand_out(std::string, cashu::Amount, std::string,
                                           wallet::Patience, std::stop_token) override {
    co_return nothing();
  }
  rt::Task<wallet::PaymentOutcome> pay(wallet::PaymentTerms, std::string, wallet::Patience,
                                       std::stop_token) override {
    co_return nothing();
  }
  Result<Secret<std::string>> token_of(wallet::OperationId) override { return nothing(); }
  rt::Task<wallet::OperationView> take_back(wallet::OperationId, wallet::Patience,
                                            std::stop_token) override {
    co_return nothing();
  }
  Result<wallet::OperationView> show(wallet::OperationId) override { return nothing(); }
  static std::unexpected<Error> nothing() { return fail(Code::unsupported, "books only"); }
  wallet::WalletDb* db;
};

struct Sellers : wallet::BookTest {
  void SetUp() override {
    auto opened = Core::open({.data_dir = folder / "data"});
    ASSERT_TRUE(opened);
    core = std::move(*opened);
    purse.emplace(*db);
    seller.emplace(core->env(), *purse);
  }
  void TearDown() override {
    auto close = [](Seller& all) -> rt::Task<> {
      co_await all.close();
      co_return Result<>{};
    };
    EXPECT_TRUE(core->run(close(*seller)));
    seller.reset();
    core.reset();
  }
  void sell() {
    streaming::Service service;
    service.enabled = true;
    service.price = {streaming::Metric::bytes, 1u << 20, cashu::Amount(1), 1};
    ASSERT_TRUE(seller->gate().configure(service, 0));
  }
  // Paid for, as the wallet's books have it.
  streaming::Want bought(std::uint64_t sat) {
    streaming::Want want;
    want.peer.bytes[0] = 1;
    want.klass = streaming::ContentClass::paid;
    want.size = 10u << 20;
    wallet::OperationBook operations(*db, key, random);
    auto operation = *operations.begin({.kind = wallet::OperationKind::receive,
                                        .mint = mints->add("https://a.test", 1)->id,
                                        .amount = cashu::Amount(sat)},
                                       1);
    const std::int64_t now_ms = core->env().clock.unix_ms();
    const streaming::Price price{streaming::Metric::bytes, 1u << 20, cashu::Amount(1), 1};
    EXPECT_TRUE(streaming::SessionBook(*db).begin_payment({want.peer, want.service, want.hash},
                                                          "one", operation.id, price, now_ms));
    operation.state = wallet::OperationState::done;
    EXPECT_TRUE(operations.update(operation, now_ms));
    return want;
  }
  std::uint64_t used_msat() {
    return (*streaming::SessionBook(*db).list(false)).at(0).used.value();
  }
  rt::Task<> wait_until_written(std::uint64_t msat) {
    for (int tries = 0; tries < 2000 && used_msat() != msat; ++tries) {
      const rt::Instant next = core->env().clock.now() + std::chrono::milliseconds(5);
      (void)co_await rt::sleep_until(core->env().executor, core->env().clock, next, {});
    }
    co_return Result<>{};
  }

  std::unique_ptr<Core> core;
  std::optional<BookPurse> purse;
  std::optional<Seller> seller;
};

}  // namespace archy::app
