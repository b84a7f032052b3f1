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

}  // namespace
}  // namespace archy::sim
