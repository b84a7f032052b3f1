// Swaps between two mints: what goes wrong on the way, and that nothing of it costs a sat more than
// was agreed to. Numbers K.. are those of the table at the top of across/cross_swap.hpp.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::CrossTerms;
using namespace std::chrono_literals;

struct CrossSwaps : Operations {
  wallet::Patience hours{.all = std::chrono::hours(2), .answer = 5s};

  Result<Operation> cross(std::uint64_t sat, std::uint64_t most_fee, wallet::Patience how,
                          std::optional<std::string> key = {}) {
    return world.run(world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                                       {Amount(sat), Amount(most_fee)}, key, how,
                                                       world.stop()));
  }
  Result<Operation> cross(std::uint64_t sat, std::uint64_t most_fee = 20) {
    return cross(sat, most_fee, patience);
  }
  void fault_at(const char* mint, const std::string& script) {
    ASSERT_TRUE(world.mint(mint).faults().add(script)) << script;
  }
  std::uint64_t at_b() { return world.balance("mint-b"); }
  std::uint64_t requests_with(const char* mint, const char* path) {
    std::uint64_t out = 0;
    const auto all = world.wallet().history(1000);
    for (const Operation& one : *all) {
      const auto view = world.wallet().show(one.id);
      if (view->mint_url != world.url(mint)) continue;
      for (const auto& request : view->requests)
        out += request.path == path && request.state != wallet::RequestState::armed &&
                       request.state != wallet::RequestState::released
                   ? 1
                   : 0;
    }
    return out;
  }
  wallet::Route route(std::uint64_t sat) {
    const auto all = world.wallet().routes();
    for (const auto& each : *all)
      if (each.bucket == wallet::bucket_of(Amount(sat))) return each.route;
    return {};
  }
};

TEST_F(CrossSwaps, BringWhatWasAskedForAndCostWhatTheySay) {
  fund(1000);
  const auto swapped = cross(500);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(swapped->amount, Amount(500));
  EXPECT_EQ(at_b(), 500u);
  EXPECT_EQ(balance() + at_b() + swapped->fee.value(), 1000u);
  EXPECT_TRUE(wallet::is_proven(route(500), world.now_ms()));
}
TEST_F(CrossSwaps, HaveBothLegsInTheHistoryEachWithItsOtherEnd) {
  fund(1000);
  const auto swapped = cross(500);
  ASSERT_TRUE(swapped);
  std::size_t legs = 0;
  const auto history = world.wallet().history(100);
  for (const Operation& one : *history) {
    const auto view = *world.wallet().show(one.id);
    if (one.part_of != swapped->id && one.id != swapped->id) continue;
    ++legs;
    const bool is_target = one.kind == wallet::OperationKind::mint;
    EXPECT_EQ(view.mint_url, world.url(is_target ? "mint-b" : "mint-a"));
    EXPECT_EQ(view.counterpart_url, world.url(is_target ? "mint-a" : "mint-b"));
  }
  EXPECT_EQ(legs, 3u) << "the whole, the payment, the claim";
}
TEST_F(CrossSwaps, TakeFiveRoundTripsBetweenMintsThatAreKnown) {
  for (int i = 0; i < 4; ++i) fund(127);  // small change is there
  ASSERT_TRUE(cross(100));
  for (const auto latency : {0ms, 50ms}) {
    world.http().set_latency(latency);
    const auto before = world.time().now();
    ASSERT_TRUE(cross(100));
    EXPECT_LE(world.time().now() - before, 5 * latency);
  }
}

// --- the cap
// --------------------------------------------------------------------------------------

TEST_F(CrossSwaps, SendNothingForACapThatIsOneSatTooLow) {
  ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = 600}));
  fund(1000);
  // 2 to 10 sat are reserved for 500, and inputs cost as well.
  std::uint64_t least = 0;
  for (std::uint64_t cap = 0; least == 0 && cap < 40; ++cap) {
    const std::uint64_t before = balance();
    const auto swapped = cross(500, cap);
    if (swapped) {
      least = cap;
      EXPECT_EQ(swapped->state, OperationState::done);
      break;
    }
    EXPECT_EQ(swapped.error().code, Code::denied) << swapped.error().detail;
    EXPECT_EQ(balance(), before) << cap;
    EXPECT_EQ(requests_with("mint-a", "/v1/melt/bolt11"), 0u) << cap;
  }
  EXPECT_GT(least, 2u) << "there is a cap that is one too low";
}
TEST_F(CrossSwaps, AreNeverDearerThanTheirCapWhateverTheMintsTake) {
  fund(4000);
  std::uint64_t done = 0;
  for (std::uint64_t ppk : {0u, 100u, 1000u})
    for (std::uint64_t reserve : {0u, 3u, 30u})
      for (std::uint64_t sat : {1u, 7u, 64u, 100u}) {
        ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = ppk}));
        world.mint("mint-a").options().reserve_min = reserve;
        for (const std::uint64_t cap : {1u, 8u, 35u}) {
          const std::uint64_t before = balance(), there = at_b();
          const auto swapped = cross(sat, cap);
          if (!swapped) {
            EXPECT_EQ(at_b(), there);
            EXPECT_LE(before - balance(), cap) << "a swap for exact inputs may have cost something";
            continue;
          }
          ++done;
          EXPECT_EQ(at_b() - there, sat);
          EXPECT_LE(before - balance() - sat, cap);
        }
      }
  EXPECT_GT(done, 50u);
}
TEST_F(CrossSwaps, OfASourceThatGivesNoChangeSwapForExactInputsFirst) {
  world.mint("mint-a").options().without.insert(8);
  fund(1000);
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-a"), {})));
  const auto swapped = cross(300);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(balance() + 300 + swapped->fee.value(), 1000u);
}

// --- quotes that end
// ------------------------------------------------------------------------------

// cashu-service, weakness 1: no re-quote; weakness 2: no margin.
TEST_F(CrossSwaps, AskForAnotherQuoteWhenTheFirstEndsTooSoon) {
  fund(1000);
  // Dies with the target's quote, and wakes up two minutes before its end.
  fault_at("mint-a", R"([{"fault":"drop_before","route":"POST /v1/melt/quote/bolt11","times":0}])");
  world.mint("mint-b").options().mint_quote_ttl_s = 400;
  wallet::Patience brief{.all = 1s, .answer = 1s};
  EXPECT_FALSE(cross(500, 20, brief, "again"));
  world.mint("mint-a").faults().clear();
  fault_at("mint-a",
           R"([{"fault":"delay_before","route":"POST /v1/melt/quote/bolt11","ms":600000}])");
  auto begun = world.start_call(
      world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                        {Amount(500), Amount(20)}, {}, brief, world.stop()));
  world.pass(3s);
  world.kill(Death::killed);
  world.mint("mint-a").faults().clear();
  world.pass(290s);
  restart();
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_EQ(at_b(), 500u) << "the quote of before the death had 107 s left";
  std::size_t quotes = 0;
  const auto history = world.wallet().history(100);
  for (const Operation& one : *history)
    quotes += one.kind == wallet::OperationKind::mint && one.part_of ? 1 : 0;
  EXPECT_EQ(quotes, 3u) << "of the swap that failed, and two of the one that did not";
}
TEST_F(CrossSwaps, AreTriedAgainWhenTheSourcesQuoteEndsMidway) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"expire_quote","route":"POST /v1/melt/bolt11"}])");
  const auto swapped = cross(500, 20, hours);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
  EXPECT_LE(swapped->fee, Amount(20));
}
TEST_F(CrossSwaps, AreNotBegunWithATargetWhoseInvoicesEndAtOnce) {
  fund(1000);
  world.mint("mint-b").options().mint_quote_ttl_s = 60;
  const auto refused = cross(500);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported) << refused.error().detail;
  EXPECT_EQ(balance(), 1000u);
}
// K21: margins are by the mints' own clocks.
TEST_F(CrossSwaps, HoldTheirMarginsWhenTheClocksDisagree) {
  fund(1000);
  for (const char* ms : {"-3000000", "3000000"}) {
    fault_at("mint-b", std::string(R"([{"fault":"clock_offset","ms":)") + ms + "}]");
    ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-b"), {})));
    ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-b"), {})));
    // What is paid now is seen by such a mint when its clock gets there.
    const auto swapped = cross(100, 20, hours);
    ASSERT_TRUE(swapped) << ms << ": " << swapped.error().detail;
    EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  }
}

// --- a target that is late
// ------------------------------------------------------------------------

// cashu-service, weakness 3: B not paid at once is an error there.
TEST_F(CrossSwaps, WaitForATargetThatLagsTenMinutes) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_seen_late","ms":590000}])");
  const auto swapped = cross(500, 20, hours);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
  EXPECT_EQ(requests_with("mint-a", "/v1/melt/bolt11"), 1u) << "it is never paid again";
}
TEST_F(CrossSwaps, NeedAttentionAfterTenMinutesAndEndByThemselvesAllTheSame) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_seen_late","ms":7200000}])");
  const auto late = cross(500, 20, {.all = 20min, .answer = 5s});
  ASSERT_TRUE(late);
  EXPECT_EQ(late->state, OperationState::needs_attention);
  EXPECT_NE(late->note.find("the invoice's preimage"), std::string::npos) << late->note;
  EXPECT_NE(late->note.find("lnbc"), std::string::npos);
  EXPECT_TRUE(wallet::is_left_alone(route(500), world.now_ms()) ||
              wallet::target_liquidity_score(route(500), world.now_ms()) < 500);
  restart();
  world.pass(2h);
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_EQ(world.wallet().show(late->id)->operation.state, OperationState::done);
  EXPECT_EQ(at_b(), 500u);
}

// --- a source that lies or takes too much
// ---------------------------------------------------------

TEST_F(CrossSwaps, LoseNothingToASourceThatSaysFailedWhileThePaymentIsOnItsWay) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_pending","ms":120000},{"fault":"stale_state","times":4}])");
  const auto swapped = cross(500, 20, hours);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_TRUE(swapped->has_ended()) << swapped->note;
  const std::uint64_t arrived = swapped->state == OperationState::done ? 500 : 0;
  EXPECT_EQ(at_b(), arrived);
  EXPECT_EQ(balance() + at_b() + swapped->fee.value(), 1000u);
}
// cashu-service, weakness 5: no fence.
TEST_F(CrossSwaps, FenceOffAPaymentThatFailedBeforeItsEcashIsFree) {
  ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = 100}));
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_failed"}])");
  const auto failed = cross(500);
  ASSERT_TRUE(failed) << failed.error().detail;
  EXPECT_EQ(failed->state, OperationState::failed);
  EXPECT_EQ(failed->fee, Amount(1)) << "the fence's, and nothing else";
  EXPECT_EQ(balance(), 999u);
  EXPECT_EQ(at_b(), 0u);
  EXPECT_TRUE(wallet::is_left_alone(route(500), world.now_ms()));
  world.pass(26h);
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_TRUE(world.wallet().open_operations()->empty()) << "the quote has ended, too";
}
// K23; cashu-service, weakness 4: an over-charge made a finished transfer fail for ever.
TEST_F(CrossSwaps, ThatCostMoreThanTheSourceSaidAreCompletedWrittenDownAndHeldAgainstIt) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"short_change","amount":4}])");
  const auto swapped = cross(500, 6);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
  const auto ended = world.wallet().show(swapped->id)->operation;
  EXPECT_EQ(balance() + 500 + ended.fee.value(), 1000u);
  if (ended.fee > Amount(6)) {
    EXPECT_NE(ended.note.find("took more than its quote said"), std::string::npos) << ended.note;
    EXPECT_FALSE(wallet::is_proven(route(500), world.now_ms()));
  }
  restart();
  EXPECT_TRUE(world.run(world.wallet().resume(patience, {}))->empty()) << "and it stays as it is";
}
TEST_F(CrossSwaps, AreDemotedByAFeeAboveTheReserve) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"missing_change"}])");
  const auto swapped = cross(500, 8, hours);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
  EXPECT_GT(world.wallet().show(swapped->id)->operation.fee, Amount(8));
  EXPECT_FALSE(wallet::is_proven(route(500), world.now_ms()));
  EXPECT_LT(wallet::target_liquidity_score(route(500), world.now_ms()), 500u);
}
// K12: change is a matter of its own.
TEST_F(CrossSwaps, ClaimWithoutWaitingForChange) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"hide_change","times":0},
                         {"fault":"drop_before","route":"POST /v1/restore","times":3}])");
  const auto swapped = cross(500);
  ASSERT_TRUE(swapped);
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
  ASSERT_TRUE(world.run(world.wallet().resume(hours, {})));
  const auto ended = world.wallet().show(swapped->id)->operation;
  EXPECT_EQ(balance() + 500 + ended.fee.value(), 1000u) << "the cost is what it is in the end";
  EXPECT_LE(ended.fee, Amount(20));
}

// --- the target's claim
// ---------------------------------------------------------------------------

// K14: ISSUED means restore.
TEST_F(CrossSwaps, HaveBackWhatWasIssuedAndNeverArrived) {
  fund(1000);
  fault_at("mint-b", R"([{"fault":"drop_after","route":"POST /v1/mint/bolt11"},
                         {"fault":"restart","route":"POST /v1/mint/bolt11","nth":2}])");
  const auto swapped = cross(500);
  ASSERT_TRUE(swapped);
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
}
TEST_F(CrossSwaps, ClaimInAKeysetThatIsNewerThanThePayment) {
  fund(1000);
  fault_at("mint-b", R"([{"fault":"rotate_keyset","route":"POST /v1/mint/bolt11"}])");
  const auto swapped = cross(500);
  ASSERT_TRUE(swapped);
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  EXPECT_EQ(at_b(), 500u);
}
// K16.
TEST_F(CrossSwaps, NeedAttentionForSignaturesThatAreNone) {
  fund(1000);
  fault_at("mint-b", R"([{"fault":"wrong_dleq","times":3}])");
  const auto swapped = cross(500, 20, hours);
  ASSERT_TRUE(swapped);
  EXPECT_TRUE(swapped->state == OperationState::done ||
              swapped->state == OperationState::needs_attention)
      << swapped->note;
  world.mint("mint-b").faults().clear();
  ASSERT_TRUE(world.run(world.wallet().resume(hours, {})));
  EXPECT_EQ(at_b(), 500u) << "what it restores is good";
}
// K22: somebody else has paid the invoice as well.
TEST_F(CrossSwaps, ClaimAllThatWasPaid) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_seen_late","ms":30000}])");
  auto begun = world.start_call(
      world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                        {Amount(500), Amount(20)}, {}, hours, world.stop()));
  world.pass(5s);
  const auto history = world.wallet().history(100);
  for (const Operation& one : *history)
    if (one.kind == wallet::OperationKind::mint && one.part_of)
      world.pay_from_outside(world.wallet().show(one.id)->quote->invoice);
  world.wait_for([&] { return begun->has_value(); });
  ASSERT_TRUE(begun->has_value() && begun->value());
  ASSERT_TRUE(world.run(world.wallet().resume(hours, {})));
  EXPECT_GE(at_b(), 500u);
}
// K24: the words were used elsewhere.
TEST_F(CrossSwaps, GoPastCountersThatAnotherWalletUsed) {
  fund(1000);
  ASSERT_TRUE(cross(300));
  ASSERT_TRUE(world.forget_wallet());
  restart();
  for (const auto* name : {"mint-a", "mint-b"}) {
    ASSERT_TRUE(world.run(world.wallet().add_mint(world.url(name), {})));
  }
  ASSERT_TRUE(world.wallet().set_home(world.url("mint-a")));
  fund(500);
  const auto swapped = cross(200);
  ASSERT_TRUE(swapped) << swapped.error().detail;
  EXPECT_EQ(swapped->state, OperationState::done) << swapped->note;
  for (const auto* name : {"mint-a", "mint-b"})
    ASSERT_TRUE(world.run(world.wallet().restore(world.url(name), {})));
  EXPECT_EQ(at_b(), 500u);
}

// --- callers
// --------------------------------------------------------------------------------------

// K17.
TEST_F(CrossSwaps, AreTheSameForTheSameName) {
  fund(1000);
  const auto first = cross(300, 20, patience, "rent");
  restart();
  const auto second = cross(300, 20, patience, "rent");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(at_b(), 300u);
  const auto other = cross(301, 20, patience, "rent");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::denied);
}
// K18.
TEST_F(CrossSwaps, CannotBeCalledOffOnceSomethingWasSent) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_pending","ms":60000}])");
  const auto begun = cross(500, 20, hasty);
  ASSERT_TRUE(begun);
  const auto refused = world.wallet().cancel(begun->id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::denied);
  EXPECT_EQ(world.run(world.wallet().go_on(begun->id, hours, {}))->state, OperationState::done);
  EXPECT_TRUE(world.wallet().cancel(begun->id)) << "what has ended stays as it ended";
  EXPECT_EQ(at_b(), 500u);
}
TEST_F(CrossSwaps, CanBeCalledOffBefore) {
  fund(1000);
  fault_at("mint-b",
           R"([{"fault":"delay_before","route":"POST /v1/mint/quote/bolt11","ms":600000}])");
  auto begun = world.start_call(
      world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                        {Amount(500), Amount(20)}, {}, patience, world.stop()));
  world.pass(1s);
  world.kill(Death::killed);
  world.mint("mint-b").faults().clear();
  restart();
  const auto open = world.wallet().open_operations();
  ASSERT_FALSE(open->empty());
  const auto whole = std::ranges::find(*open, wallet::OperationKind::cross_swap, &Operation::kind);
  ASSERT_NE(whole, open->end());
  EXPECT_EQ(world.wallet().cancel(whole->id)->state, OperationState::failed);
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_EQ(balance(), 1000u);
  EXPECT_EQ(at_b(), 0u);
}
// K19, I8.
TEST_F(CrossSwaps, AreGoneOnWithOnceHoweverManyResume) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_pending","ms":5000}])");
  const auto begun = cross(500, 20, hasty);
  ASSERT_TRUE(begun);
  const auto [one, other] = world.run_both(world.wallet().resume(patience, world.stop()),
                                           world.wallet().resume(patience, world.stop()));
  EXPECT_TRUE(one && other);
  EXPECT_EQ(world.wallet().show(begun->id)->operation.state, OperationState::done);
  EXPECT_EQ(at_b(), 500u);
  EXPECT_EQ(requests_with("mint-b", "/v1/mint/bolt11"), 1u);
  EXPECT_TRUE(world.run(world.wallet().resume(patience, {}))->empty());
}
// K1: who asked has gone another way by then.
TEST_F(CrossSwaps, ThatWereNotBegunInTimeAreNotBegunAnyMore) {
  fund(1000);
  fault_at("mint-b",
           R"([{"fault":"delay_before","route":"POST /v1/mint/quote/bolt11","ms":600000}])");
  auto begun = world.start_call(
      world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                        {Amount(500), Amount(20)}, {}, patience, world.stop()));
  world.pass(1s);
  world.kill(Death::killed);
  world.mint("mint-b").faults().clear();
  world.pass(11min);
  restart();
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_EQ(balance(), 1000u);
  EXPECT_EQ(at_b(), 0u);
  EXPECT_TRUE(world.wallet().open_operations()->empty());
}
TEST_F(CrossSwaps, LeadToNoMintThatIsNotTrustedOrCannotRestore) {
  fund(1000);
  ASSERT_TRUE(world.wallet().remove_mint(world.url("mint-b")));
  EXPECT_EQ(cross(100).error().code, Code::denied);
  ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-b"), {})));
  world.mint("mint-b").options().without.insert(9);
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-b"), {})));
  EXPECT_EQ(cross(100).error().code, Code::unsupported);
  EXPECT_EQ(balance(), 1000u);
}
TEST_F(CrossSwaps, KeepToTheCapOfTheTarget) {
  fund(1000);
  ASSERT_TRUE(world.wallet().set_cap(world.url("mint-b"), Amount(250)));
  EXPECT_EQ(cross(300).error().code, Code::denied);
  const auto [one, other] = world.run_both(
      world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                        {Amount(200), Amount(20)}, {}, patience, world.stop()),
      world.wallet().swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                        {Amount(200), Amount(20)}, {}, patience, world.stop()));
  EXPECT_NE(one.has_value(), other.has_value()) << "there is room for one of them";
  EXPECT_EQ(at_b(), 200u);
}
// K20.
TEST_F(CrossSwaps, AreGoneOnWithWhenTheDiskIsNoLongerFull) {
  fund(1000);
  fault_at("mint-a", R"([{"fault":"pay_pending","ms":5000}])");
  const auto begun = cross(500, 20, hasty);
  ASSERT_TRUE(begun);
  DiskFaults full;
  full.capacity = 0;
  world.wallet_disk().set_faults(full);
  const auto stuck = world.run(world.wallet().go_on(begun->id, patience, world.stop()));
  world.wallet_disk().set_faults({});
  if (!stuck) {
    EXPECT_EQ(stuck.error().code, Code::no_space) << stuck.error().detail;
  }
  restart();
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_EQ(world.wallet().show(begun->id)->operation.state, OperationState::done);
  EXPECT_EQ(at_b(), 500u);
}

// --- many at once
// ---------------------------------------------------------------------------------

// cashu-service, weakness 7: one slow melt blocks all.
TEST(ManyCrossSwaps, DoNotWaitForEachOther) {
  constexpr std::size_t kCount = 200;
  std::vector<testmint::MintOptions> options(kCount);
  for (std::size_t i = 0; i < kCount; ++i) options[i].name = "m" + std::to_string(i);
  WalletWorld world(1, options);
  ASSERT_TRUE(world.start());
  const auto url = [](std::size_t i) { return WalletWorld::url("m" + std::to_string(i % kCount)); };
  for (std::size_t i = 0; i < kCount; ++i)
    ASSERT_TRUE(world.fund("m" + std::to_string(i), 100)) << i;
  ASSERT_TRUE(world.mint("m7").faults().add(
      R"([{"fault":"delay_after","route":"POST /v1/melt/bolt11","ms":60000}])"));
  world.http().set_latency(50ms);
  const auto before = world.time().now();
  std::vector<std::shared_ptr<std::optional<Result<wallet::Operation>>>> calls;
  for (std::size_t i = 0; i < kCount; ++i)
    calls.push_back(world.start_call(world.wallet().swap_between_mints(
        url(i), url(i + 1), {Amount(50), Amount(10)}, {}, {.all = 300s}, world.stop())));
  const auto ended = [&] {
    return std::ranges::count_if(calls, [](const auto& call) { return call->has_value(); });
  };
  world.wait_for([&] { return ended() == kCount - 1; });
  EXPECT_LE(world.time().now() - before, 5 * 50ms) << "as if each were alone";
  EXPECT_FALSE(calls[7]->has_value()) << "but for the one whose mint is slow";
  world.wait_for([&] { return ended() == kCount; });
  std::uint64_t fees = 0, there = 0;
  for (const auto& call : calls) {
    ASSERT_TRUE(call->value());
    EXPECT_EQ(call->value()->state, wallet::OperationState::done);
    fees += call->value()->fee.value();
  }
  const auto balances = world.wallet().spendable_by_mint();
  for (const auto& [mint, sat] : *balances) there += sat.value();
  EXPECT_EQ(there + fees, 100 * kCount);
  EXPECT_EQ(world.imbalance("m7"), "");
}

}  // namespace
}  // namespace archy::sim
