// Buying in instalments: what may be spent, what is lost, and what a crash leaves.
#include "sim/money/operations_fixture.hpp"
#include "sim/money/shop.hpp"
#include "streaming/buyer.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using streaming::Buyer;
using streaming::Instalment;
using streaming::PaymentPolicy;
using streaming::Purchase;
using streaming::PurchaseState;
using streaming::PurchaseView;
using namespace std::chrono_literals;

struct Purchases : Operations {
  WorldPurse purse{world};
  std::unique_ptr<rt::Env> env;
  std::unique_ptr<Buyer> buyer;
  std::string why;
  PaymentPolicy policy = PaymentPolicy::of(Amount(100), Amount(5), {}, Amount(1000), Amount(2000));

  void SetUp() override {
    Operations::SetUp();
    new_buyer();
  }
  void TearDown() override {
    buyer.reset();
    Operations::TearDown();
  }
  void new_buyer() {
    env = std::make_unique<rt::Env>(world.wallet_env());
    buyer = std::make_unique<Buyer>(*env, purse);
  }
  void restart() {
    buyer.reset();
    ASSERT_TRUE(world.start());
    new_buyer();
  }
  static EndpointId peer(std::uint8_t n) {
    EndpointId out;
    out.bytes.fill(n);
    return out;
  }
  static Blake3Hash blob(std::uint8_t n) {
    Blake3Hash out;
    out.bytes.fill(n);
    return out;
  }
  template <class T>
  static rt::Task<T> as_task(boost::asio::awaitable<T> flow) {
    co_return co_await std::move(flow);
  }
  using Bought = std::optional<Instalment>;
  rt::Task<Bought> buying(Purchase what, std::uint64_t sat, const char* mint = "mint-a") {
    return as_task(
        buyer->auto_pay_token(policy, what, {world.url(mint)}, Amount(sat), world.stop(), &why));
  }
  Bought buy(Purchase what, std::uint64_t sat, const char* mint = "mint-a") {
    why.clear();
    auto out = world.run(buying(std::move(what), sat, mint));
    return out ? std::move(*out) : std::nullopt;
  }
  // Bought, handed out, and had back.
  rt::Task<> short_life(const char* mint) {
    auto bought = co_await buying({peer(1), blob(1)}, 10, mint);
    CO_TRY(instalment, std::move(bought));
    if (!instalment) co_return fail(Code::not_found);
    CO_TRY_OK(buyer->handing(instalment->id));
    (void)co_await buyer->call_back(instalment->id, world.stop());
    co_return Result<>{};
  }
  void die_everywhere(const char* mint, Death death) {
    std::uint64_t deaths = 0;
    for (std::uint64_t nth = 1; !HasFailure(); nth += 3) {
      world.kill_at_disk_call(nth, death);
      (void)world.run(short_life(mint));
      const bool died = !world.is_armed();
      restart();
      ASSERT_TRUE(world.run(buyer->recover(world.stop())));
      (void)world.run(world.wallet().resume(patience, world.stop()));
      ASSERT_TRUE(world.run(buyer->recover(world.stop())));
      std::uint64_t counted = 0;
      for (const PurchaseView& each : all()) {
        EXPECT_TRUE(each.state == PurchaseState::none || each.state == PurchaseState::had_back)
            << static_cast<int>(each.state) << " after a death at " << nth;
        counted += each.amount.value() + each.fee.value();
      }
      EXPECT_EQ(balance() + world.balance("mint-b") + counted, 2000u)
          << "what is gone is what was counted; a death at " << nth << " with " << mint;
      if (!died) break;
      ++deaths;
    }
    EXPECT_GT(deaths, 10u);
  }
  PurchaseState call_back(streaming::PurchaseId id) {
    return world.run(as_task(buyer->call_back(id, world.stop()))).value_or(PurchaseState::begun);
  }
  // As a seller does; the ecash stays in this wallet.
  void redeem(const Instalment& instalment, std::uint64_t worth) {
    const auto received = receive(instalment.token);
    ASSERT_TRUE(received) << received.error().detail;
    EXPECT_EQ(received->state, OperationState::done) << received->note;
    EXPECT_GE(received->amount.value(), worth);
    ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  }
  std::vector<PurchaseView> all() { return *buyer->purchases(std::nullopt, 100); }
  std::uint64_t room(const Purchase& what) { return buyer->room(policy, what)->value(); }
};

TEST_F(Purchases, AreTokensWithARowThatSaysWhatBecameOfThem) {
  fund(1000);
  const Purchase what{peer(1), blob(1)};
  const auto bought = buy(what, 30);
  ASSERT_TRUE(bought) << why;
  EXPECT_EQ(bought->amount, Amount(30));
  ASSERT_TRUE(buyer->handing(bought->id));
  redeem(*bought, 30);
  ASSERT_TRUE(buyer->taken(bought->id, "00112233445566778899aabbccddeeff"));
  ASSERT_TRUE(buyer->taken(bought->id, "again")) << "once more changes nothing";
  const auto rows = all();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].state, PurchaseState::taken);
  EXPECT_EQ(rows[0].amount, Amount(30));
  EXPECT_EQ(rows[0].fee, bought->fee);
  EXPECT_EQ(rows[0].payment, "00112233445566778899aabbccddeeff");
  EXPECT_EQ(rows[0].what.seller, peer(1));
  EXPECT_EQ(room(what), 100 - 30 - 5 - bought->fee.value());
  EXPECT_EQ(call_back(bought->id), PurchaseState::taken);
}
TEST_F(Purchases, AreNeverMadeUnderAPolicyThatPaysNothing) {
  fund(1000);
  policy = PaymentPolicy::free();
  EXPECT_FALSE(buy({peer(1), blob(1)}, 1));
  EXPECT_EQ(purse.calls(), 0u) << "nothing of the wallet is touched";
  EXPECT_TRUE(all().empty());
}
TEST_F(Purchases, StopAtEachCap) {
  fund(1000);
  struct Case {
    PaymentPolicy policy;
    Purchase first, second, other;
    const char* cap;
  };
  const Amount much(1000);
  const Case cases[] = {
      {{Amount(60), Amount(5), much, much, much},
       {peer(1), blob(1)},
       {peer(2), blob(1)},
       {peer(1), blob(2)},
       "one blob"},
      {{much, Amount(5), Amount(60), much, much},
       {peer(3), blob(3), "film"},
       {peer(4), blob(4), "film"},
       {peer(3), blob(5), "another"},
       "one film"},
      {{much, Amount(5), much, Amount(60), much},
       {peer(5), blob(6)},
       {peer(5), blob(7)},
       {peer(6), blob(6)},
       "one peer"},
  };
  for (const Case& each : cases) {
    policy = each.policy;
    ASSERT_TRUE(buy(each.first, 30)) << why;
    EXPECT_FALSE(buy(each.second, 30)) << "30 + 30 + two fees of 5 may be more than 60";
    EXPECT_NE(why.find(each.cap), std::string::npos) << why;
    EXPECT_TRUE(buy(each.other, 30)) << why;
  }
  policy = {much, Amount(5), much, much, Amount(290)};
  ASSERT_TRUE(buy({peer(7), blob(8)}, 30)) << why;
  EXPECT_FALSE(buy({peer(8), blob(9)}, 80));
  EXPECT_NE(why.find("one day"), std::string::npos) << why;
  world.pass(24h);
  EXPECT_TRUE(buy({peer(8), blob(9)}, 80)) << why;
}
TEST_F(Purchases, AtOnceStayUnderACapTogether) {
  fund(1000);
  policy.per_blob = Amount(69);  // 2 x (30 + 5) is one more
  const Purchase what{peer(1), blob(1)};
  auto both = world.run_both(buying(what, 30), buying({peer(2), blob(1)}, 30));
  ASSERT_TRUE(both.first && both.second);
  EXPECT_NE(both.first->has_value(), both.second->has_value());
  EXPECT_EQ(all().size(), 1u);
}
TEST_F(Purchases, ThatCannotBePaidCountNothing) {
  fund(50);
  const Purchase what{peer(1), blob(1)};
  EXPECT_FALSE(buy(what, 60)) << "not enough there";
  EXPECT_NE(why.find("no_balance"), std::string::npos) << why;
  auto out = world.run(as_task(
      buyer->auto_pay_token(policy, what, {"http://theirs.test"}, Amount(10), world.stop(), &why)));
  EXPECT_FALSE(out->has_value());
  EXPECT_NE(why.find("untrusted"), std::string::npos) << why;
  EXPECT_FALSE(buy(what, 0));
  EXPECT_FALSE(buy(what, UINT64_MAX));
  for (const PurchaseView& each : all()) EXPECT_EQ(each.state, PurchaseState::none);
  EXPECT_EQ(room(what), 95u);
  EXPECT_EQ(balance(), 50u);
}
TEST_F(Purchases, OverAnotherMintAreSwappedAndCountWhatThatTook) {
  fund(1000);
  const Purchase what{peer(1), blob(1)};
  const std::uint64_t before = balance();
  const auto bought = buy(what, 30, "mint-b");
  ASSERT_TRUE(bought) << why;
  EXPECT_EQ(before - balance(), 30 + bought->fee.value());
  EXPECT_EQ(room(what), 100 - 5 - 30 - bought->fee.value());
}
TEST_F(Purchases, ThatWereRefusedAreHadBack) {
  ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = 100}));
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-a"), {})));
  fund(1000);
  const Purchase what{peer(1), blob(1)};
  const auto bought = buy(what, 30);
  ASSERT_TRUE(bought) << why;
  ASSERT_TRUE(buyer->handing(bought->id));
  EXPECT_EQ(call_back(bought->id), PurchaseState::had_back);
  EXPECT_EQ(all()[0].amount, Amount(0));
  EXPECT_EQ(balance(), 1000 - all()[0].fee.value()) << "fees are all that is gone";
  EXPECT_GT(all()[0].fee, Amount(0));
  EXPECT_EQ(room(what), 95 - all()[0].fee.value());
  EXPECT_EQ(*buyer->lost_to(peer(1)), Amount(0));
  EXPECT_FALSE(buyer->taken(bought->id, "late")) << "he cannot have it any more";
  EXPECT_FALSE(buyer->handing(bought->id)) << "nor is it given to anybody";
}
TEST_F(Purchases, ThatWereTakenInSilenceAreLostAndNotRepeated) {
  fund(1000);
  const Purchase what{peer(1), blob(1)};
  const auto bought = buy(what, 30);
  ASSERT_TRUE(bought) << why;
  ASSERT_TRUE(buyer->handing(bought->id));
  redeem(*bought, 30);
  EXPECT_EQ(call_back(bought->id), PurchaseState::lost);
  EXPECT_EQ(*buyer->lost_to(peer(1)), Amount(30 + bought->fee.value()));
  EXPECT_EQ(room(what), 95 - 30 - bought->fee.value()) << "what is lost counts";
  EXPECT_FALSE(buy({peer(1), blob(2)}, 10));
  EXPECT_TRUE(buy({peer(2), blob(1)}, 10)) << why;
  world.pass(25h);
  EXPECT_TRUE(buy({peer(1), blob(2)}, 10)) << why;
}
TEST_F(Purchases, ThatWereTakenMayBeAnsweredForLater) {
  fund(1000);
  const auto bought = buy({peer(1), blob(1)}, 30);
  ASSERT_TRUE(bought) << why;
  ASSERT_TRUE(buyer->handing(bought->id));
  EXPECT_FALSE(buyer->unanswered(peer(1), blob(1))->has_value()) << "it is in somebody's hand";
  redeem(*bought, 30);
  restart();
  ASSERT_TRUE(world.run(buyer->recover(world.stop())));
  EXPECT_EQ(all()[0].state, PurchaseState::lost);
  EXPECT_FALSE(buyer->unanswered(peer(2), blob(1))->has_value());
  EXPECT_FALSE(buyer->unanswered(peer(1), blob(2))->has_value());
  const auto again = buyer->unanswered(peer(1), blob(1));
  ASSERT_TRUE(again && again->has_value());
  EXPECT_EQ((*again)->token.reveal(), bought->token.reveal());
  EXPECT_EQ((*again)->amount, bought->amount);
  ASSERT_TRUE(buyer->handing((*again)->id));
  ASSERT_TRUE(buyer->taken((*again)->id, "payment"));
  EXPECT_EQ(*buyer->lost_to(peer(1)), Amount(0));
  EXPECT_TRUE(buy({peer(1), blob(1)}, 10)) << why;
}
TEST_F(Purchases, ThatBroughtNothingAreRememberedToo) {
  fund(1000);
  const auto bought = buy({peer(1), blob(1)}, 30);
  ASSERT_TRUE(bought) << why;
  ASSERT_TRUE(buyer->handing(bought->id));
  redeem(*bought, 30);
  ASSERT_TRUE(buyer->taken(bought->id, "payment"));
  EXPECT_TRUE(buy({peer(1), blob(1)}, 10)) << why;
  ASSERT_TRUE(buyer->not_delivered(bought->id));
  EXPECT_TRUE(all().back().undelivered);
  EXPECT_EQ(*buyer->lost_to(peer(1)), Amount(30 + bought->fee.value()));
  EXPECT_FALSE(buy({peer(1), blob(1)}, 10));
  restart();
  EXPECT_FALSE(buyer->unanswered(peer(1), blob(1))->has_value()) << "he has said that he has it";
  EXPECT_FALSE(buy({peer(1), blob(2)}, 10));
}
TEST_F(Purchases, GoOnAfterAMintThatIsAway) {
  fund(1000);
  const auto bought = buy({peer(1), blob(1)}, 30);
  ASSERT_TRUE(bought) << why;
  ASSERT_TRUE(buyer->handing(bought->id));
  fault(R"([{"fault":"drop_before","route":"*","times":0}])");
  EXPECT_EQ(call_back(bought->id), PurchaseState::handed) << "not decided";
  world.mint("mint-a").faults().clear();
  ASSERT_TRUE(world.run(buyer->recover(world.stop())));
  EXPECT_EQ(all()[0].state, PurchaseState::handed) << "the wallet is still at it";
  world.pass(10min);
  ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
  ASSERT_TRUE(world.run(buyer->recover(world.stop())));
  EXPECT_EQ(all()[0].state, PurchaseState::had_back);
  EXPECT_EQ(balance(), 1000u);
}
// Killed in the middle of disk calls all over a purchase, and over having it back.
TEST_F(Purchases, SurviveADeathAtAnyPoint) {
  fund(2000);
  policy = PaymentPolicy::of(Amount(1000), Amount(5), {}, {}, Amount(10000));
  for (const char* mint : {"mint-a", "mint-b"})
    for (const Death death : {Death::killed, Death::power_cut}) die_everywhere(mint, death);
}

}  // namespace
}  // namespace archy::sim
