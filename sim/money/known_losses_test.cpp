// What has cost users of other wallets their money, one test for each. Names of the reports are
// those of the projects where it happened.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using namespace std::chrono_literals;

struct KnownLosses : Operations {
  wallet::Patience days{.all = std::chrono::hours(100), .answer = 5s};

  // A token that only this wallet can spend.
  cashu::Token locked(std::uint64_t sat, cashu::SigFlag flag = cashu::SigFlag::inputs) {
    cashu::SpendingCondition lock;
    lock.key = crypto::Point::parse_hex(world.wallet().lock_key()).value();
    lock.sig_flag = flag;
    const auto sent =
        world.run(world.wallet().send({.amount = Amount(sat), .lock = lock}, {}, {}, patience, {}));
    EXPECT_TRUE(sent) << sent.error().detail;
    return *cashu::parse_token(world.wallet().token_of(sent->id)->reveal());
  }
  Result<Operation> offline(const cashu::Token& token) {
    return world.run(
        world.wallet().receive(*cashu::to_string(token), true, patience, world.stop()));
  }
};

// cdk#1180, cdk#1891, elcaju#105: a melt of too many inputs was refused, and they stayed pending.
TEST_F(KnownLosses, InputsOfAMeltThatIsRefusedAreFree) {
  fund(127);
  world.mint("mint-a").options().max_inputs = 1;
  const auto paid = melt(120);
  ASSERT_TRUE(paid) << paid.error().detail;
  EXPECT_EQ(paid->state, OperationState::failed) << paid->note;
  EXPECT_EQ(balance(), 127u);
  world.mint("mint-a").options().max_inputs = 1000;
  EXPECT_EQ(melt(120)->state, OperationState::done);
}

// cdk#1917: "reclaim pending" revoked tokens that had been handed out.
TEST_F(KnownLosses, ResumingTakesNoTokenBack) {
  fund(64);
  const auto sent = send(33);
  ASSERT_TRUE(sent);
  restart();
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  EXPECT_EQ(world.wallet().show(sent->id)->operation.stage, Stage::handed);
  const auto received = receive(*world.wallet().token_of(sent->id));
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_EQ(received->state, OperationState::done) << "its receiver can still have it";
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}

// minibits#28, #81: closed while a payment was on its way.
TEST_F(KnownLosses, APaymentThatOutlivesTheProgramIsBookedAfterwards) {
  fund(200);
  fault(R"([{"fault":"pay_pending","ms":30000}])");
  const auto begun = melt(100, hasty);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->state, OperationState::open);
  world.kill(Death::power_cut);
  restart();
  const auto ended = go_on(*begun);
  ASSERT_TRUE(ended) << ended.error().detail;
  EXPECT_EQ(ended->state, OperationState::done) << ended->note;
  EXPECT_EQ(balance(), 99u);
}

// cashu-ts#422, cdk#2566: the answer with the change was missed.
TEST_F(KnownLosses, ChangeOfAMissedAnswerIsHadBack) {
  fund(200);
  fault(R"([{"fault":"drop_after","route":"POST /v1/melt/bolt11"}])");
  EXPECT_EQ(melt(100)->fee, Amount(1));
  EXPECT_EQ(balance(), 99u);
}
TEST_F(KnownLosses, ChangeThatTheAnswerLeavesOutIsHadBack) {
  fund(200);
  fault(R"([{"fault":"hide_change","times":0}])");
  EXPECT_EQ(melt(100)->fee, Amount(1)) << "NUT-09 has it";
  EXPECT_EQ(balance(), 99u);
}

// cdk#2447, nuts#436: the keyset was retired while the payment was on its way.
TEST_F(KnownLosses, ChangeInAKeysetThatIsNewerThanTheMeltIsKept) {
  fund(200);
  fault(R"([{"fault":"pay_pending","ms":20000}])");
  const auto begun = melt(100, hasty);
  ASSERT_TRUE(world.mint("mint-a").rotate({}));
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
  EXPECT_EQ(balance(), 99u);
  const auto checked = world.wallet().check();
  EXPECT_TRUE(checked) << checked.error().detail;
  const auto sent = send(99);
  ASSERT_TRUE(sent) << sent.error().detail;
  const auto received = receive(*world.wallet().token_of(sent->id));
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_EQ(received->state, OperationState::done) << received->note << ": the mint knows it";
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}

// amethyst#3847: change was paired by its amount.
TEST_F(KnownLosses, ChangeIsPairedByItsPlace) {
  fund(200);
  fault(R"([{"fault":"zero_change"}])");
  EXPECT_EQ(melt(100)->state, OperationState::done);
  EXPECT_EQ(balance(), 99u);
}

// cdk#465: a stuck payment locked up far more than it needed.
TEST_F(KnownLosses, ASmallPaymentDoesNotLockUpALargeProof) {
  fund(4096);
  fault(R"([{"fault":"pay_pending","ms":30000}])");
  const auto begun = melt(100, hasty);
  ASSERT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(begun->state, OperationState::open);
  EXPECT_GT(balance(), 3900u);
  EXPECT_EQ(send(2000)->state, OperationState::done) << "the rest can be used meanwhile";
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
}

// cashu.me#185: hold invoices keep proofs pending for days.
TEST_F(KnownLosses, APaymentThatIsHeldForDaysEndsOneWayOrTheOther) {
  for (const char* fault_name : {"pay_pending", "pay_failed"}) {
    fund(200);
    const std::uint64_t before = balance();
    fault(R"([{"fault":")" + std::string(fault_name) + R"(","ms":200000000}])");  // 55 hours
    const auto begun = melt(100, hasty);
    world.pass(20h);
    restart();
    EXPECT_EQ(world.run(world.wallet().go_on(begun->id, hasty, {}))->state, OperationState::open);
    world.pass(40h);
    const auto ended = world.run(world.wallet().go_on(begun->id, days, {}));
    ASSERT_TRUE(ended) << ended.error().detail;
    EXPECT_TRUE(ended->has_ended()) << fault_name << ": " << ended->note;
    EXPECT_EQ(balance(), ended->state == OperationState::done ? before - 101 : before);
  }
}

// nutshell#1122, nuts#427, cashu.me#595: a quote was paid, and had expired before it was claimed.
TEST_F(KnownLosses, AQuoteThatWasPaidInTimeIsClaimedAfterItsEnd) {
  const auto begun = world.run(world.wallet().mint(Amount(50), {}, {}));
  world.pay_from_outside(world.wallet().show(begun->id)->quote->invoice);
  world.pass(12h);
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
  EXPECT_EQ(balance(), 50u);
}
TEST_F(KnownLosses, AMintThatRefusesLateClaimsIsAskedUntilItDoesNot) {
  world.mint("mint-a").options().refuses_late_claims = true;
  const auto begun = world.run(world.wallet().mint(Amount(50), {}, {}));
  world.pay_from_outside(world.wallet().show(begun->id)->quote->invoice);
  world.pass(12h);
  EXPECT_FALSE(go_on(*begun)->has_ended()) << "paid ecash is never given up";
  world.mint("mint-a").options().refuses_late_claims = false;
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
  EXPECT_EQ(balance(), 50u);
}

// agicash#1013, tollgate#257: a counter was used twice ("outputs already signed").
TEST_F(KnownLosses, CountersThatAnotherWalletOfTheseWordsUsedAreSkipped) {
  fund(100);
  ASSERT_TRUE(send(37));
  const std::uint64_t kept = world.holdings("mint-a");
  ASSERT_TRUE(world.forget_wallet());
  restart();  // the same words, counters from 0
  ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
  ASSERT_TRUE(world.wallet().set_home(world.url("mint-a")));
  const auto funded = world.fund("mint-a", 50);
  EXPECT_TRUE(funded) << funded.error().detail;
  EXPECT_EQ(balance(), 50u);
  ASSERT_TRUE(world.run(world.wallet().restore(world.url("mint-a"), {})));
  EXPECT_EQ(balance(), 50u + kept);
}

// routstr-core#378, #412, #462: a refund was handed out twice, or from a stale cache.
TEST_F(KnownLosses, ATokenIsTheSameHoweverOftenItIsAskedFor) {
  fund(100);
  const wallet::Wallet::Caller caller{{}, "refund 17"};
  const auto first =
      world.run(world.wallet().send({.amount = Amount(37)}, {}, caller, patience, world.stop()));
  restart();
  const auto second =
      world.run(world.wallet().send({.amount = Amount(37)}, {}, caller, patience, world.stop()));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(balance(), 63u);
  const auto other =
      world.run(world.wallet().send({.amount = Amount(38)}, {}, caller, patience, world.stop()));
  ASSERT_FALSE(other) << "the same name for another sum";
  EXPECT_EQ(other.error().code, Code::denied);
}

// tollgate#423: the buyer dropped a token that the seller had refused.
TEST_F(KnownLosses, ATokenThatNobodyTookIsHadBack) {
  fund(100);
  const auto sent = send(37);
  restart();
  ASSERT_TRUE(world.wallet().token_of(sent->id)) << "it is still there to be shown";
  EXPECT_EQ(world.run(world.wallet().take_back(sent->id, patience, {}))->state,
            OperationState::done);
  EXPECT_EQ(balance(), 100u);
}

// ngx-l402#117: a token without DLEQ was taken offline.
TEST_F(KnownLosses, NothingIsTakenOfflineWithoutProofThatTheMintSignedIt) {
  fund(100);
  cashu::SpendingCondition lock;
  lock.key = crypto::Point::parse_hex(world.wallet().lock_key()).value();
  const auto sent = world.run(
      world.wallet().send({.amount = Amount(20), .lock = lock}, {}, {}, patience, world.stop()));
  ASSERT_TRUE(sent) << sent.error().detail;
  const auto token = *world.wallet().token_of(sent->id);
  auto bare = *cashu::parse_token(token.reveal());
  for (auto& proof : bare.proofs) proof.dleq.reset();
  const auto refused =
      world.run(world.wallet().receive(*cashu::to_string(bare), true, patience, world.stop()));
  ASSERT_FALSE(refused);
  const auto taken = world.run(world.wallet().receive(token, true, patience, world.stop()));
  ASSERT_TRUE(taken) << taken.error().detail;
  EXPECT_EQ(taken->stage, Stage::accepted);
  EXPECT_EQ(go_on(*taken)->state, OperationState::done);
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  EXPECT_EQ(balance(), 100u);
}
// ngx-l402#117 goes on: goods were given twice for one proof, in another company each time.
TEST_F(KnownLosses, NoProofIsTakenTwiceOffline) {
  fund(100);
  const auto token = locked(37);
  ASSERT_EQ(token.proofs.size(), 3u);
  const auto some = [&](std::size_t from, std::size_t count) {
    auto out = token;
    const auto first = token.proofs.begin() + static_cast<std::ptrdiff_t>(from);
    out.proofs.assign(first, first + static_cast<std::ptrdiff_t>(count));
    return out;
  };
  ASSERT_TRUE(offline(some(0, 2)));
  for (const auto& again : {some(0, 1), some(1, 1), some(1, 2), token}) {
    const auto refused = offline(again);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_FALSE(receive(*cashu::to_string(again))) << "nor with the mint";
  }
  const auto taken = offline(some(2, 1));
  ASSERT_TRUE(taken) << taken.error().detail;
  ASSERT_TRUE(world.run(world.wallet().resume(patience, {})));
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  EXPECT_EQ(balance(), 100u);
}
TEST_F(KnownLosses, WhatCouldNotBeReceivedTogetherIsReceivedOneByOne) {
  fund(100);
  const auto token = locked(37);
  fault(R"([{"fault":"refuse","route":"POST /v1/swap","code":11006}])");
  ASSERT_EQ(receive(*cashu::to_string(token))->state, OperationState::failed);
  for (const auto& proof : token.proofs) {
    auto one = token;
    one.proofs = {proof};
    const auto received = receive(*cashu::to_string(one));
    ASSERT_TRUE(received) << received.error().detail;
    EXPECT_EQ(received->state, OperationState::done) << received->note;
  }
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  EXPECT_EQ(balance(), 100u);
}
TEST_F(KnownLosses, OfflineIsTakenWhatTheMintWillTakeFromUsAlone) {
  fund(100);
  const auto all = locked(20, cashu::SigFlag::all);
  EXPECT_FALSE(offline(all)) << "nobody has seen a signature of ours over all of it";
  const auto token = locked(20);
  world.mint("mint-a").options().without.insert(11);
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-a"), {})));
  const auto refused = offline(token);
  ASSERT_FALSE(refused) << "the mint knows no locks any more";
  EXPECT_EQ(refused.error().code, Code::unsupported);
  world.mint("mint-a").options().without.erase(11);
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-a"), {})));
  for (const auto& each : {all, token})
    EXPECT_EQ(receive(*cashu::to_string(each))->state, OperationState::done);
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}
TEST_F(KnownLosses, NothingIsTakenOfflineOfAKeysetThatEndsWithinADay) {
  testmint::KeysetPlan ends = world.mint("mint-a").options().keyset;
  ends.final_expiry = static_cast<std::uint64_t>(world.now_ms() / 1000) + 10 * 24 * 3600;
  ASSERT_TRUE(world.mint("mint-a").rotate(ends));
  restart();
  fund(100);
  const auto token = locked(20);
  world.pass(9 * 24h + 1h);
  EXPECT_FALSE(offline(token));
  EXPECT_EQ(world.wallet().open_operations()->size(), 0u);
}
TEST_F(KnownLosses, WhatOthersCouldSpendIsNotTakenOffline) {
  fund(100);
  const auto sent = send(37);
  EXPECT_FALSE(world.run(
      world.wallet().receive(*world.wallet().token_of(sent->id), true, patience, world.stop())));
}

// cashu-ts#978, routstr-core#663, coco#446: a retired keyset broke receiving and change.
TEST_F(KnownLosses, ATokenOfARetiredKeysetIsReceived) {
  fund(100);
  const auto sent = send(37);
  ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = 100}));
  const auto received = receive(*world.wallet().token_of(sent->id));
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_EQ(received->state, OperationState::done) << received->note;
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}
TEST_F(KnownLosses, ARotationBetweenTwoRequestsCostsNothing) {
  fund(200);
  ASSERT_TRUE(world.mint("mint-a").rotate({}));
  EXPECT_EQ(send(37)->state, OperationState::done);
  ASSERT_TRUE(world.mint("mint-a").rotate({}));
  EXPECT_EQ(melt(50)->state, OperationState::done);
  EXPECT_EQ(balance(), 200u - 37 - 51);
}

// nutshell#1170, nuts: a mint says UNPAID while the payment is on its way.
TEST_F(KnownLosses, UnpaidIsNotBelievedWhileThePaymentMayBeOnItsWay) {
  fund(200);
  fault(R"([{"fault":"pay_pending","ms":60000},{"fault":"stale_state","times":3}])");
  const auto begun = melt(100, hasty);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->state, OperationState::open) << "nothing of it is free";
  const auto ended = world.run(world.wallet().go_on(begun->id, days, {}));
  ASSERT_TRUE(ended) << ended.error().detail;
  EXPECT_EQ(ended->state, OperationState::done) << ended->note;
  EXPECT_EQ(balance(), 99u);
}

// routstr-core#638, #468: fees off by one.
TEST_F(KnownLosses, TheReceiverHasExactlyWhatWasMeant) {
  ASSERT_TRUE(world.mint("mint-a").rotate({.input_fee_ppk = 600}));
  fund(1000);
  const auto sent = world.run(world.wallet().send(
      {.amount = Amount(333), .include_receivers_fee = true}, {}, {}, patience, world.stop()));
  ASSERT_TRUE(sent) << sent.error().detail;
  const auto received = receive(*world.wallet().token_of(sent->id));
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_GE(received->amount, Amount(333));
  EXPECT_LE(received->amount, Amount(334));
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
}

}  // namespace
}  // namespace archy::sim
