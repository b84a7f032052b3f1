// What a wallet does by itself as time passes: keysets that end, mints that are away.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::OperationState;
using namespace std::chrono_literals;

TEST_F(Operations, EcashOfAKeysetThatEndsIsSwappedInTime) {
  const auto now_s = static_cast<std::uint64_t>(world.now_ms() / 1000);
  const std::uint64_t day = 24 * 3600;
  testmint::KeysetPlan ends = world.mint("mint-a").options().keyset;
  ends.final_expiry = now_s + 10 * day;
  ASSERT_TRUE(world.mint("mint-a").rotate(ends));
  restart();
  fund(100);
  EXPECT_TRUE(world.wallet().ending_keysets()->empty()) << "ten days are enough";
  world.pass(4 * 24h);
  const auto ending = world.wallet().ending_keysets();
  ASSERT_TRUE(ending);
  ASSERT_EQ(ending->size(), 1u);
  EXPECT_EQ(ending->front().here, Amount(100));
  EXPECT_EQ(ending->front().final_expiry, now_s + 10 * day);
  // As long as the mint has no other keyset it stays where it is, and nothing fails for it.
  ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
  EXPECT_EQ(world.wallet().ending_keysets()->size(), 1u);
  EXPECT_EQ(balance(), 100u);
  ends.final_expiry = std::nullopt;
  ASSERT_TRUE(world.mint("mint-a").rotate(ends));
  const auto swept = world.run(world.wallet().resume(patience, world.stop()));
  ASSERT_TRUE(swept) << swept.error().detail;
  ASSERT_EQ(swept->size(), 1u);
  EXPECT_EQ(swept->front().state, OperationState::done) << swept->front().note;
  EXPECT_TRUE(world.wallet().ending_keysets()->empty());
  EXPECT_EQ(balance(), 100u);
  world.pass(7 * 24h);
  const auto sent = send(60);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::done) << "long after the old keyset's end";
  ASSERT_TRUE(receive(*world.wallet().token_of(sent->id)));
  ASSERT_TRUE(world.run(world.wallet().look_after_handed(world.stop())));
}

TEST_F(Operations, MoneyUnderWayWaitsFiveMinutesLongerAtMost) {
  const wallet::Patience look{.all = 10s, .answer = 5s, .insists = false};
  fund(200);
  fault(R"([{"fault":"drop_after","route":"POST /v1/swap","times":1},
            {"fault":"drop_before","route":"*","times":0}])");
  const auto sent = send(37, look);
  ASSERT_TRUE(sent) << sent.error().detail;
  ASSERT_FALSE(sent->has_ended());
  const auto asked = [&] { return world.mint("mint-a").faults().happened(); };
  for (int minute = 0; minute < 60; ++minute) {
    ASSERT_TRUE(world.run(world.wallet().resume(look, world.stop())));
    world.pass(60s);
  }
  const std::uint64_t in_an_hour = asked();
  EXPECT_LT(in_an_hour, 80u) << "it is left alone for longer and longer";
  const auto row = world.wallet().balances()->front();
  EXPECT_GT(row.breaker.unanswered, wallet::MintBreaker::kTries);
  EXPECT_LE(row.breaker.left_alone, wallet::MintBreaker::kLongest);
  world.mint("mint-a").faults().clear();
  for (int minute = 0; minute < 6; ++minute) {
    ASSERT_TRUE(world.run(world.wallet().resume(look, world.stop())));
    world.pass(60s);
  }
  EXPECT_EQ(world.wallet().show(sent->id)->operation.state, OperationState::done);
  EXPECT_EQ(world.wallet().balances()->front().breaker.unanswered, 0u);
}

TEST_F(Operations, WhoeverInsistsIsNotKeptWaiting) {
  fund(200);
  fault(R"([{"fault":"drop_before","route":"*","times":0}])");
  const auto ask = [&] { return world.run(world.wallet().mint(Amount(9), {}, world.stop())); };
  for (unsigned i = 0; i < wallet::MintBreaker::kTries; ++i) EXPECT_FALSE(ask());
  const auto refused = ask();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("asked again in"), std::string::npos)
      << refused.error().detail;
  world.mint("mint-a").faults().clear();
  EXPECT_TRUE(world.run(world.wallet().examine(world.url("mint-a"), {}))->reachable);
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::done);
}

}  // namespace
}  // namespace archy::sim
