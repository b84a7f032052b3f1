// What the wallet does with a mint that works, and with one that fails as it is told.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::OperationState;
using wallet::Stage;
using namespace std::chrono_literals;

TEST_F(Operations, MintAPaidInvoice) {
  const auto begun = world.run(world.wallet().mint(Amount(100), {}, {}));
  ASSERT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(begun->stage, Stage::quoted);
  const auto early = world.run(world.wallet().go_on(begun->id, hasty, {}));
  EXPECT_EQ(early->state, OperationState::open) << "nobody has paid yet";
  world.pay_from_outside(world.wallet().show(begun->id)->quote->invoice);
  const auto done = go_on(*begun);
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->state, OperationState::done) << done->note;
  EXPECT_EQ(balance(), 100u);
}

TEST_F(Operations, AnInvoiceThatNobodyPaysEndsByItself) {
  const auto begun = world.run(world.wallet().mint(Amount(100), {}, {}));
  ASSERT_TRUE(begun);
  world.pass(26h);
  const auto ended = go_on(*begun);
  EXPECT_EQ(ended->state, OperationState::failed);
}

TEST_F(Operations, SendWhatIsThereExactlyWithoutAskingTheMint) {
  fund(7);
  world.http().route(world.url("mint-a"), nullptr);
  const auto sent = send(5);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->stage, Stage::handed);
  EXPECT_EQ(balance(), 2u);
  world.http().route_all(world.mints());
}

// A mint whose only memory is of its answers (NUT-19).
struct AMintWithoutRestore : testing::Test {
  WalletWorld world{1, {options()}};
  const wallet::Patience hasty{.all = 3s, .answer = 5s};

  static testmint::MintOptions options() {
    testmint::MintOptions out;
    out.name = "mint-a";
    out.without.insert(9);
    out.cache_ttl_s = std::nullopt;
    return out;
  }
  void SetUp() override {
    ASSERT_TRUE(world.start());
    ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
    ASSERT_TRUE(world.wallet().set_home(world.url("mint-a")));
  }
  void TearDown() override { EXPECT_EQ(world.imbalance("mint-a"), ""); }
};

TEST_F(AMintWithoutRestore, IsKnownAsOneAfterARestart) {
  const auto begun = world.run(world.wallet().mint(Amount(42), {}, {}));
  ASSERT_TRUE(begun) << begun.error().detail;
  world.pay_from_outside(world.wallet().show(begun->id)->quote->invoice);
  ASSERT_TRUE(world.mint("mint-a").faults().add(
      R"({"fault":"drop_before","route":"POST /v1/mint/bolt11","times":0})"));
  ASSERT_EQ(world.run(world.wallet().go_on(begun->id, hasty, {}))->stage, Stage::requested);
  world.mint("mint-a").faults().clear();
  ASSERT_TRUE(world.mint("mint-a").rotate(options().keyset));
  ASSERT_TRUE(world.start());
  const auto done = world.run(world.wallet().go_on(begun->id, hasty, {}));
  EXPECT_EQ(done->state, OperationState::done) << done->note;
}

TEST_F(AMintWithoutRestore, SaysOfASpentTokenThatItIsSpent) {
  ASSERT_TRUE(world.fund("mint-a", 100));
  const auto sent = world.run(world.wallet().send({.amount = Amount(37)}, {}, {}, hasty, {}));
  const auto token = world.wallet().token_of(sent->id);
  ASSERT_TRUE(token);
  ASSERT_TRUE(world.run(world.wallet().take_back(sent->id, hasty, {})));
  const auto late = world.run(world.wallet().receive(*token, false, hasty, {}));
  ASSERT_TRUE(late) << late.error().detail;
  EXPECT_EQ(late->state, OperationState::failed) << late->note;
  EXPECT_EQ(world.balance("mint-a"), 100u);
}

// Each copy that is put back leaps over 10,000 counters where nobody can be asked.
TEST_F(AMintWithoutRestore, HasCountersAsHighAsItsCopiesLedTo) {
  ASSERT_TRUE(world.fund("mint-a", 100));
  for (int i = 0; i < 11; ++i) {
    const auto copy = world.copy_database();
    ASSERT_TRUE(world.start());
    world.put_database_back(copy);
    ASSERT_TRUE(world.start());
    ASSERT_TRUE(world.wallet().is_old_copy());
    ASSERT_TRUE(world.run(world.wallet().mint(Amount(1), {}, {})));
  }
  const auto checked = world.wallet().check();
  EXPECT_TRUE(checked) << checked.error().detail;
}

TEST_F(Operations, SendAndReceiveOnesOwnToken) {
  fund(100);
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  ASSERT_EQ(sent->state, OperationState::done) << sent->note;
  EXPECT_EQ(balance(), 63u);
  const auto token = world.wallet().token_of(sent->id);
  ASSERT_TRUE(token);
  EXPECT_EQ(cashu::value_of(*cashu::parse_token(token->reveal()))->value(), 37u);
  const auto received = receive(*token);
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_EQ(received->state, OperationState::done) << received->note;
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  EXPECT_EQ(world.wallet().show(sent->id)->operation.stage, Stage::redeemed);
  EXPECT_EQ(balance(), 100u);
  const auto again = receive(*token);
  ASSERT_TRUE(again) << "the same token is the same operation";
  EXPECT_EQ(again->id, received->id);
}

// Other wallets leave it out of their tokens; one that is there has to hold.
TEST_F(Operations, ReceiveATokenWithoutDleq) {
  fund(100);
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  auto token = *cashu::parse_token(world.wallet().token_of(sent->id)->reveal());
  ASSERT_GT(token.proofs.size(), 1u);
  ASSERT_TRUE(token.proofs[0].dleq && token.proofs[1].dleq);
  const auto own = token.proofs[0].dleq;
  token.proofs[0].dleq = token.proofs[1].dleq;
  const auto refused = receive(*cashu::to_string(token));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::bad_input);
  token.proofs[0].dleq = own;
  for (auto& proof : token.proofs) proof.dleq.reset();
  const auto received = receive(*cashu::to_string(token));
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_EQ(received->state, OperationState::done) << received->note;
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  EXPECT_EQ(balance(), 100u);
}

TEST_F(Operations, TakeATokenBack) {
  fund(100);
  const auto sent = send(37);
  ASSERT_TRUE(sent);
  const auto back = world.run(world.wallet().take_back(sent->id, patience, {}));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(back->state, OperationState::done) << back->note;
  EXPECT_EQ(balance(), 100u);
  EXPECT_FALSE(world.run(world.wallet().take_back(sent->id, patience, {})));
  EXPECT_EQ(world.wallet().show(sent->id)->operation.stage, Stage::undone);
  const auto dead = world.wallet().token_of(sent->id);
  ASSERT_FALSE(dead) << "nobody is given a token that is worth nothing";
  EXPECT_EQ(dead.error().code, Code::not_found);
}

TEST_F(Operations, TakeBackWhatIsLeftOfAToken) {
  fund(100);
  const auto sent = send(37);
  auto part = *cashu::parse_token(world.wallet().token_of(sent->id)->reveal());
  ASSERT_EQ(part.proofs.size(), 3u);
  part.proofs.erase(part.proofs.begin() + 1, part.proofs.end());
  const std::uint64_t redeemed = part.proofs.front().amount.value();
  ASSERT_EQ(receive(*cashu::to_string(part))->state, OperationState::done);
  const auto first = world.run(world.wallet().take_back(sent->id, patience, {}));
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->state, OperationState::failed) << "one of its proofs is spent";
  EXPECT_EQ(world.wallet().show(sent->id)->operation.stage, Stage::handed) << "the rest is out";
  EXPECT_EQ(balance(), 63u + redeemed);
  EXPECT_EQ(world.run(world.wallet().take_back(sent->id, patience, {}))->state,
            OperationState::done);
  EXPECT_EQ(world.wallet().show(sent->id)->operation.stage, Stage::undone);
  EXPECT_EQ(balance(), 100u);
}

TEST_F(Operations, MeltWithChange) {
  fund(200);
  const auto paid = melt(100);
  ASSERT_TRUE(paid) << paid.error().detail;
  EXPECT_EQ(paid->state, OperationState::done) << paid->note;
  EXPECT_EQ(paid->fee, Amount(1));
  EXPECT_EQ(balance(), 99u);
}

TEST_F(Operations, AFeeCapOneSatTooLowSendsNothing) {
  fund(200);
  const std::string invoice = world.outside_invoice(100);
  const auto refused =
      world.run(world.wallet().melt({invoice, Amount(1)}, {}, patience, world.stop()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::denied);
  EXPECT_EQ(balance(), 200u);
  const auto paid =
      world.run(world.wallet().melt({invoice, Amount(2)}, {}, patience, world.stop()));
  ASSERT_TRUE(paid) << paid.error().detail;
  EXPECT_EQ(paid->state, OperationState::done);
}

// Each fault on the way, for each request that moves money: nothing is lost.
struct LostAnswers : Operations, testing::WithParamInterface<const char*> {
  void fault_on(const std::string& route) {
    fault(R"([{"fault":")" + std::string(GetParam()) + R"(","route":")" + route + R"("}])");
  }
};

TEST_P(LostAnswers, OfASend) {
  fund(100);
  fault_on("POST /v1/swap");
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::done) << sent->note;
  EXPECT_EQ(balance(), 63u);
}
TEST_P(LostAnswers, OfAReceive) {
  fund(100);
  const auto sent = send(37);
  fault_on("POST /v1/swap");
  const auto received = receive(*world.wallet().token_of(sent->id));
  ASSERT_TRUE(received) << received.error().detail;
  EXPECT_EQ(received->state, OperationState::done) << received->note;
  ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  EXPECT_EQ(balance(), 100u);
}
TEST_P(LostAnswers, OfAClaim) {
  fault_on("POST /v1/mint/bolt11");
  fund(100);
  EXPECT_EQ(balance(), 100u);
}
TEST_P(LostAnswers, OfAMelt) {
  fund(200);
  fault_on("POST /v1/melt/bolt11");
  const auto paid = melt(100);
  ASSERT_TRUE(paid) << paid.error().detail;
  EXPECT_EQ(paid->state, OperationState::done) << paid->note;
  EXPECT_EQ(balance(), 99u);
}
INSTANTIATE_TEST_SUITE_P(Faults, LostAnswers,
                         testing::Values("drop_before", "drop_after", "answer_before",
                                         "answer_after", "truncate", "duplicate", "wrong_dleq",
                                         "missing_dleq", "wrong_amount", "one_fewer", "one_more"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace archy::sim
