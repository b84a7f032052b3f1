// Paying somebody who takes ecash of certain mints.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::NoPayment;
using wallet::Payment;
using wallet::Refusal;
using namespace std::chrono_literals;

struct Payments : Operations {
  Result<wallet::PaymentOutcome> pay(std::vector<std::string> mints, std::uint64_t sat,
                                     std::uint64_t most_fee = 20,
                                     std::optional<std::string> key = {}) {
    for (std::string& mint : mints)
      if (!mint.starts_with("http")) mint = world.url(mint);
    return world.run(world.wallet().build_payment_token({mints, Amount(sat), Amount(most_fee)}, key,
                                                        patience, world.stop()));
  }
  Refusal refused(const Result<wallet::PaymentOutcome>& outcome) {
    EXPECT_TRUE(outcome) << outcome.error().detail;
    const auto* none = outcome ? std::get_if<NoPayment>(&*outcome) : nullptr;
    EXPECT_NE(none, nullptr) << "it was paid";
    return none ? none->reason : Refusal::none;
  }
  // What somebody else has of it; and that it is enough.
  void redeem(const Result<wallet::PaymentOutcome>& outcome, const char* mint, std::uint64_t sat) {
    ASSERT_TRUE(outcome) << outcome.error().detail;
    const auto* none = std::get_if<NoPayment>(&*outcome);
    ASSERT_EQ(none, nullptr) << to_string(none->reason) << ": " << none->why;
    const auto& payment = std::get<Payment>(*outcome);
    EXPECT_EQ(payment.mint, world.url(mint));
    const auto token = *world.wallet().token_of(payment.token);
    const auto received = receive(token);
    ASSERT_TRUE(received) << received.error().detail;
    EXPECT_EQ(received->state, OperationState::done) << received->note;
    EXPECT_GE(received->amount.value(), sat);
    ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
  }
};

TEST_F(Payments, AreOfWhatIsHeldWhereThatIsTaken) {
  fund(1000);
  const auto paid = pay({"mint-b", "mint-a"}, 300);
  redeem(paid, "mint-a", 300);
  EXPECT_LE(std::get<Payment>(*paid).fee, Amount(20));
  EXPECT_EQ(world.balance("mint-b"), 0u) << "nothing was swapped";
}
TEST_F(Payments, AreSwappedOverWhereItIsNot) {
  ASSERT_TRUE(world.mint("mint-b").rotate({.input_fee_ppk = 600}));
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-b"), {})));
  fund(1000);
  const std::uint64_t before = balance();
  const auto paid = pay({"mint-b"}, 300);
  redeem(paid, "mint-b", 300);
  const auto& payment = std::get<Payment>(*paid);
  EXPECT_EQ(before - balance(), 300 + payment.fee.value());
  EXPECT_LE(payment.fee, Amount(20));
}
TEST_F(Payments, AreOneForOneName) {
  fund(1000);
  const auto first = pay({"mint-b"}, 300, 20, "film 7");
  restart();
  const auto second = pay({"mint-b"}, 300, 20, "film 7");
  ASSERT_TRUE(first && second);
  ASSERT_TRUE(std::holds_alternative<Payment>(*first));
  EXPECT_EQ(std::get<Payment>(*first).token, std::get<Payment>(*second).token);
  EXPECT_EQ(pay({"mint-b"}, 301, 20, "film 7").error().code, Code::denied);
  redeem(second, "mint-b", 300);
}
TEST_F(Payments, GoOnWithTheSwapOfTheirName) {
  fund(1000);
  ASSERT_TRUE(world.mint("mint-a").faults().add(R"([{"fault":"pay_pending","ms":90000}])"));
  patience.all = 2s;
  EXPECT_EQ(refused(pay({"mint-b"}, 300, 20, "film 7")), Refusal::swap_under_way);
  restart();
  patience.all = 300s;
  const auto paid = pay({"mint-b"}, 300, 20, "film 7");
  redeem(paid, "mint-b", 300);
  EXPECT_EQ(world.balance("mint-b"), 300u) << "one swap, and what was redeemed of it here";
}
TEST_F(Payments, AreDeclinedWithTheReasonAndMoveNothing) {
  EXPECT_EQ(refused(pay({"mint-b"}, 300)), Refusal::no_balance) << "an empty wallet";
  fund(1000);
  EXPECT_EQ(refused(pay({}, 300)), Refusal::no_mint);
  EXPECT_EQ(refused(pay({"mint-b"}, 300, 1)), Refusal::fee_over_cap);
  EXPECT_EQ(refused(pay({"http://theirs.test"}, 300)), Refusal::untrusted);
  EXPECT_EQ(refused(pay({"mint-b"}, 3000)), Refusal::no_balance);
  ASSERT_TRUE(
      world.mint("mint-b").faults().add(R"([{"fault":"drop_before","route":"*","times":0}])"));
  EXPECT_EQ(refused(pay({"mint-b"}, 300)), Refusal::mint_away);
  world.mint("mint-b").faults().clear();
  EXPECT_EQ(balance(), 1000u);
  EXPECT_EQ(world.balance("mint-b"), 0u);
}
TEST_F(Payments, NeverReachAMintThatOnlyThePayeeNames) {
  fund(1000);
  struct Ear final : http::Client {
    explicit Ear(http::Client& below) : under(below) {}
    rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                   std::stop_token stop) override {
      if (request.url.find("theirs") != std::string::npos) ++heard;
      co_return co_await under.send(std::move(request), stop);
    }
    http::Client& under;
    int heard = 0;
  } ear(world.http());
  world.set_client(&ear);
  restart();
  EXPECT_EQ(refused(pay({"http://theirs.test", "not a mint", ""}, 300)), Refusal::untrusted);
  EXPECT_EQ(ear.heard, 0);
  EXPECT_FALSE(*world.wallet().is_mint_trusted("http://theirs.test"));
  world.set_client(nullptr);
  restart();
}
TEST_F(Payments, TakeAnotherWayWhenTheFirstDoesNotWork) {
  fund(1000);
  ASSERT_TRUE(world.fund("mint-b", 500));
  // mint-a is home and comes first; it cannot pay now.
  ASSERT_TRUE(world.mint("mint-a").faults().add(
      R"([{"fault":"refuse","route":"POST /v1/melt/quote/bolt11","code":20003,"times":0}])"));
  const auto paid = pay({"mint-b"}, 400);
  redeem(paid, "mint-b", 400);
  world.mint("mint-a").faults().clear();
}

}  // namespace
}  // namespace archy::sim
