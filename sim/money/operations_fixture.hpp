// A wallet that knows two mints, the first of which is home. For tests.
#pragma once

#include <gtest/gtest.h>

#include "cashu/token.hpp"
#include "sim/money/wallet_world.hpp"

namespace archy::sim {

struct Operations : testing::Test {
  using Amount = cashu::Amount;
  using Operation = wallet::Operation;
  using OperationState = wallet::OperationState;
  using Stage = wallet::Stage;

  WalletWorld world{1};
  wallet::Patience patience{.all = std::chrono::seconds(60), .answer = std::chrono::seconds(5)};
  wallet::Patience hasty{.all = std::chrono::seconds(1), .answer = std::chrono::seconds(5)};

  void SetUp() override {
    ASSERT_TRUE(world.start());
    for (const auto* name : {"mint-a", "mint-b"}) {
      const auto added = world.run(world.wallet().add_mint(world.url(name), {}));
      ASSERT_TRUE(added) << added.error().detail;
    }
    ASSERT_TRUE(world.wallet().set_home(world.url("mint-a")));
  }
  void TearDown() override {
    EXPECT_EQ(world.imbalance("mint-a", outside), "");
    EXPECT_EQ(world.imbalance("mint-b"), "");
  }
  void fund(std::uint64_t sat) {
    const auto funded = world.fund("mint-a", sat);
    ASSERT_TRUE(funded) << funded.error().detail;
  }
  void fault(const std::string& json) { ASSERT_TRUE(world.mint("mint-a").faults().add(json)); }
  std::uint64_t balance() { return world.balance("mint-a"); }
  Result<Operation> send(std::uint64_t sat, std::optional<wallet::Patience> how = {}) {
    return world.run(
        world.wallet().send({.amount = Amount(sat)}, {}, {}, how.value_or(patience), world.stop()));
  }
  Result<Operation> receive(const Secret<std::string>& token) {
    return world.run(world.wallet().receive(token, false, patience, world.stop()));
  }
  Result<Operation> melt(std::uint64_t sat, std::optional<wallet::Patience> how = {}) {
    return world.run(world.wallet().melt({world.outside_invoice(sat), {}}, {},
                                         how.value_or(patience), world.stop()));
  }
  Result<Operation> go_on(const Operation& operation) {
    return world.run(world.wallet().go_on(operation.id, patience, world.stop()));
  }
  void restart() { ASSERT_TRUE(world.start()); }

  std::uint64_t outside = 0;  // ecash of mint-a that somebody else has
};

}  // namespace archy::sim
