// Numbers that others name, and those that add up: caps, counts, and time.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::OperationState;
using wallet::Stage;
using namespace std::chrono_literals;

struct Bounds : Operations {
  Result<Operation> mint(std::uint64_t sat) {
    return world.run(world.wallet().mint(Amount(sat), {}, {}));
  }
  void pay(const Operation& begun, std::optional<std::uint64_t> sat = {}) {
    std::optional<std::uint64_t> msat;
    if (sat) msat = *sat * 1000;
    ASSERT_TRUE(world.lightning().pay_from_outside(world.wallet().show(begun.id)->quote->invoice,
                                                   msat, world.now_ms()));
  }
};

TEST_F(Bounds, SeveralAtOnceStayUnderAMintsCap) {
  ASSERT_TRUE(world.wallet().set_cap(world.url("mint-a"), Amount(150)));
  const auto first = mint(100);
  ASSERT_TRUE(first);
  const auto over = mint(51);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::denied);
  const auto second = mint(50);
  ASSERT_TRUE(second) << second.error().detail;
  for (const auto& each : {*first, *second}) {
    pay(each);
    EXPECT_EQ(go_on(each)->state, OperationState::done);
  }
  EXPECT_EQ(balance(), 150u);
}

TEST_F(Bounds, ATokenCountsBeforeItIsRedeemed) {
  fund(100);
  cashu::SpendingCondition lock;
  lock.key = crypto::Point::parse_hex(world.wallet().lock_key()).value();
  const auto sent = world.run(
      world.wallet().send({.amount = Amount(60), .lock = lock}, {}, {}, patience, world.stop()));
  ASSERT_TRUE(sent) << sent.error().detail;
  ASSERT_TRUE(world.wallet().set_cap(world.url("mint-a"), Amount(105)));
  const auto token = *world.wallet().token_of(sent->id);
  const auto taken = world.run(world.wallet().receive(token, true, patience, world.stop()));
  ASSERT_TRUE(taken) << taken.error().detail;
  EXPECT_FALSE(mint(6)) << "40 are here and 60 are to be redeemed";
  EXPECT_TRUE(mint(5));
  EXPECT_EQ(go_on(*taken)->state, OperationState::done);
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}

TEST_F(Bounds, AnInvoiceThatWasPaidTooMuchKeepsToTheCap) {
  ASSERT_TRUE(world.wallet().set_cap(world.url("mint-a"), Amount(80)));
  const auto begun = mint(50);
  pay(*begun, 90);
  const auto waits = world.run(world.wallet().go_on(begun->id, hasty, {}));
  ASSERT_TRUE(waits) << waits.error().detail;
  EXPECT_EQ(waits->state, OperationState::needs_attention) << waits->note;
  ASSERT_TRUE(world.wallet().set_cap(world.url("mint-a"), Amount(90)));
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
  EXPECT_EQ(balance(), 90u);
}

TEST_F(Bounds, NoRequestHasMoreInputsThanMintsTake) {
  world.mint("mint-a").options().max_inputs = 500;
  for (int i = 0; i < 530; ++i) fund(1);
  const auto sent = send(510);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::done) << sent->note;
  EXPECT_EQ(balance(), 20u);
  const auto token = *world.wallet().token_of(sent->id);
  EXPECT_LE(cashu::parse_token(token.reveal())->proofs.size(), 40u);
  ASSERT_TRUE(receive(token));
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}

TEST_F(Bounds, AMeltOfManySmallProofsIsMadePossible) {
  world.mint("mint-a").options().max_inputs = 500;
  for (int i = 0; i < 530; ++i) fund(1);
  const auto paid = melt(512);
  ASSERT_TRUE(paid) << paid.error().detail;
  EXPECT_EQ(paid->state, OperationState::done) << paid->note;
  EXPECT_EQ(balance(), 530u - 513);
}

TEST_F(Bounds, WhatSwapsBeforeAPaymentCostIsTold) {
  world.mint("mint-a").options().without.insert(8);  // no change: it takes the exact sum
  ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = 100}));
  restart();
  fund(200);
  std::uint64_t told = 0;
  wallet::MeltTerms terms{world.outside_invoice(100), {}};
  terms.on_fee = [&](Amount fee) { told += fee.value(); };
  const auto paid = world.run(world.wallet().melt(std::move(terms), {}, patience, {}));
  ASSERT_TRUE(paid) << paid.error().detail;
  EXPECT_EQ(paid->state, OperationState::done) << paid->note;
  EXPECT_GT(told, 0u);
  EXPECT_EQ(balance(), 200u - 100 - paid->fee.value() - told);
}

TEST_F(Bounds, InvoicesThatNobodyPaysHoldUpNothing) {
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(mint(10));
  const auto before = world.time().now();
  ASSERT_TRUE(world.run(world.wallet().resume({.all = 10s, .answer = 5s}, {})));
  EXPECT_LT(world.time().now() - before, 10s) << "one look at each";
}

TEST_F(Bounds, AQuoteThatTheMintHasForgottenEndsInTime) {
  const auto begun = mint(10);
  ASSERT_TRUE(
      world.mint("mint-a").book().forget_quote(world.wallet().show(begun->id)->quote->id.reveal()));
  EXPECT_EQ(world.run(world.wallet().go_on(begun->id, hasty, {}))->state, OperationState::open);
  world.pass(26h);
  EXPECT_EQ(go_on(*begun)->state, OperationState::failed);
}

}  // namespace
}  // namespace archy::sim
