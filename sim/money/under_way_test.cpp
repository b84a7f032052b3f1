// Requests that may still arrive: nothing they spend is free before they cannot succeed any more,
// and an operation that goes on and on comes to an end.
#include <boost/asio/co_spawn.hpp>

#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::OperationState;
using wallet::Stage;
using namespace std::chrono_literals;

// Lets nothing of certain requests leave.
class Gate final : public http::Client {
 public:
  explicit Gate(http::Client& below) : below_(below) {}
  // Requests to this path from the nth on (1: the next one) find nobody; "": none.
  void close(std::string path, unsigned nth) {
    path_ = std::move(path);
    left_ = nth - 1;
  }
  void open() { path_.clear(); }
  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override {
    if (!path_.empty() && request.url.ends_with(path_)) {
      if (left_ == 0) co_return fail(Code::unreachable, "Failed to connect to host");
      --left_;
    }
    co_return co_await below_.send(std::move(request), stop);
  }

 private:
  http::Client& below_;
  std::string path_;
  unsigned left_ = 0;
};

struct UnderWay : Operations {
  Gate gate{world.http()};

  void SetUp() override {
    world.set_client(&gate);
    Operations::SetUp();
  }
  Operation now(const Operation& operation) { return world.wallet().show(operation.id)->operation; }
  std::size_t requests_of(const Operation& operation) {
    return world.wallet().show(operation.id)->requests.size();
  }
};

// The first sending arrives ten minutes late, the second one is refused, and the fence that this
// asks for does not leave.
TEST_F(UnderWay, AFenceThatNeverLeftFreesNothing) {
  fund(100);
  fault(R"([{"fault":"delay_before","route":"POST /v1/swap","ms":600000},
            {"fault":"refuse","route":"POST /v1/swap","nth":2,"code":11006}])");
  gate.close("/v1/swap", 3);
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::open) << sent->note;
  EXPECT_EQ(sent->stage, Stage::fencing);
  EXPECT_LT(balance(), 63u);
  gate.open();
  const auto ended = go_on(*sent);
  EXPECT_EQ(ended->state, OperationState::failed) << ended->note;
  EXPECT_EQ(balance(), 100u);
  world.pass(20min);
}

TEST_F(UnderWay, AFenceThatIsRefusedFreesNothing) {
  fund(100);
  fault(R"([{"fault":"delay_before","route":"POST /v1/swap","ms":600000},
            {"fault":"refuse","route":"POST /v1/swap","nth":2,"times":0,"code":11006}])");
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::open) << sent->note;
  EXPECT_EQ(sent->stage, Stage::fencing);
  world.mint("mint-a").faults().clear();
  EXPECT_EQ(go_on(*sent)->state, OperationState::failed);
  EXPECT_EQ(balance(), 100u);
  world.pass(20min);
}

// The second body, in another keyset, never left; the first one did.
TEST_F(UnderWay, ASecondBodyThatNeverLeftFreesNothing) {
  fund(100);
  fault(R"([{"fault":"delay_before","route":"POST /v1/swap","ms":600000},
            {"fault":"rotate_keyset","route":"POST /v1/swap","nth":2}])");
  gate.close("/v1/swap", 3);
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::open) << sent->note;
  ASSERT_EQ(requests_of(*sent), 2u);
  restart();
  EXPECT_EQ(now(*sent).state, OperationState::open) << "nor does the next start free it";
  gate.open();
  EXPECT_EQ(go_on(*sent)->state, OperationState::done);
}

TEST_F(UnderWay, ASecondBodyOfAMeltThatNeverLeftFreesNothing) {
  fund(200);
  fault(R"([{"fault":"delay_before","route":"POST /v1/melt/bolt11","ms":300000},
            {"fault":"rotate_keyset","route":"POST /v1/melt/bolt11","nth":2}])");
  gate.close("/v1/melt/bolt11", 3);
  const auto begun = melt(100, {{.all = 150s, .answer = 5s}});
  ASSERT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(begun->state, OperationState::open) << begun->note;
  ASSERT_EQ(requests_of(*begun), 2u);
  restart();
  EXPECT_EQ(now(*begun).state, OperationState::open) << "nor does the next start free it";
  gate.open();
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
}

TEST_F(UnderWay, ASecondBodyOfAMeltThatIsRefusedIsFencedOff) {
  fund(200);
  fault(R"([{"fault":"delay_before","route":"POST /v1/melt/bolt11","ms":300000},
            {"fault":"rotate_keyset","route":"POST /v1/melt/bolt11","nth":2},
            {"fault":"refuse","route":"POST /v1/melt/bolt11","nth":3,"code":11005}])");
  const auto ended = melt(100, {{.all = 200s, .answer = 5s}});
  ASSERT_TRUE(ended) << ended.error().detail;
  EXPECT_EQ(ended->state, OperationState::failed) << ended->note;
  EXPECT_EQ(requests_of(*ended), 3u) << "the fence is the third";
  EXPECT_EQ(balance(), 200u);
}

// Its ecash is not to be had while the mint says only that the inputs are spent: it stays asked
// for.
TEST_F(UnderWay, AFenceOfAMeltWhoseAnswerWasBadIsNeverForgotten) {
  auto& without = world.mint("mint-a").options().without;
  without.insert({9, 19});
  restart();
  fund(200);
  fault(R"([{"fault":"pay_failed"},{"fault":"missing_dleq","route":"POST /v1/swap"}])");
  const auto begun = melt(100);
  ASSERT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(begun->state, OperationState::needs_attention) << begun->note;
  EXPECT_EQ(begun->stage, Stage::fencing);
  without.clear();
  restart();
  EXPECT_EQ(go_on(*begun)->state, OperationState::failed);
  EXPECT_EQ(balance(), 200u);
}

// --- no end --------------------------------------------------------------------------------------

TEST_F(UnderWay, AClaimThatIsRefusedIsSentAgainAsItIs) {
  world.mint("mint-a").options().refuses_late_claims = true;
  const auto begun = world.run(world.wallet().mint(Amount(50), {}, {}));
  world.pay_from_outside(world.wallet().show(begun->id)->quote->invoice);
  world.pass(12h);
  EXPECT_FALSE(go_on(*begun)->has_ended());
  EXPECT_EQ(requests_of(*begun), 1u) << "no counters for nothing";
  world.mint("mint-a").options().refuses_late_claims = false;
  EXPECT_EQ(go_on(*begun)->state, OperationState::done);
  EXPECT_EQ(balance(), 50u);
}

TEST_F(UnderWay, AKeysetThatSignsStillIsNoReasonForNewOutputs) {
  fund(100);
  fault(R"([{"fault":"refuse","route":"POST /v1/swap","times":0,"code":12002}])");
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_FALSE(sent->has_ended()) << sent->note;
  EXPECT_EQ(requests_of(*sent), 1u);
  world.mint("mint-a").faults().clear();
  EXPECT_EQ(go_on(*sent)->state, OperationState::done);
}

TEST_F(UnderWay, NewOutputsAreMadeEightTimesAtMost) {
  fund(100);
  fault(R"([{"fault":"rotate_keyset","route":"POST /v1/swap","times":0}])");
  const auto sent = send(37);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->state, OperationState::needs_attention) << sent->note;
  EXPECT_EQ(requests_of(*sent), 8u);
  EXPECT_FALSE(go_on(*sent)->has_ended());
  EXPECT_EQ(requests_of(*sent), 8u) << "nor in any later round";
  EXPECT_TRUE(world.wallet().check());
}

TEST_F(UnderWay, ASwapThatTheMintNeverDecidesIsFencedOff) {
  fund(100);
  fault(R"([{"fault":"answer_before","route":"POST /v1/swap","times":0,"status":500}])");
  const auto sent = send(37, {{.all = 30min, .answer = 5s}});
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->stage, Stage::requested) << "half an hour is not enough";
  EXPECT_EQ(world.run(world.wallet().go_on(sent->id, {.all = 2h, .answer = 5s}, {}))->stage,
            Stage::fencing);
  world.mint("mint-a").faults().clear();
  EXPECT_EQ(go_on(*sent)->state, OperationState::failed);
  EXPECT_EQ(balance(), 100u);
}

// --- what is asked beside it ---------------------------------------------------------------------

TEST_F(UnderWay, ChangeIsRestoredWhenTheQuoteIsForgotten) {
  fund(200);
  fault(R"([{"fault":"hide_change"},
            {"fault":"drop_before","route":"GET /v1/melt/*","times":0},
            {"fault":"drop_before","route":"POST /v1/restore","times":0}])");
  const auto begun = melt(100, hasty);
  ASSERT_TRUE(begun) << begun.error().detail;
  ASSERT_EQ(begun->stage, Stage::paid) << begun->note;
  world.mint("mint-a").faults().clear();
  const auto quote = world.wallet().show(begun->id)->quote->id.reveal();
  ASSERT_TRUE(world.mint("mint-a").book().forget_quote(quote));
  const auto ended = go_on(*begun);
  EXPECT_EQ(ended->state, OperationState::done) << ended->note;
  EXPECT_EQ(ended->note, "");
  EXPECT_EQ(balance(), 99u);
}

TEST_F(UnderWay, NobodyEndsAMintThatIsBeingBegun) {
  fault(R"([{"fault":"delay_after","route":"POST /v1/mint/quote/bolt11","ms":3000}])");
  bool resumed = false;
  world.time().at(world.time().now() + 1s, [&] {
    boost::asio::co_spawn(
        world.time().executor(),
        [](Operations& self) -> boost::asio::awaitable<void> {
          auto went = co_await self.world.wallet().resume(self.hasty, {});
          EXPECT_TRUE(went);
        }(*this),
        [&](std::exception_ptr) { resumed = true; });
  });
  const auto begun = world.run(world.wallet().mint(Amount(50), {}, {}));
  EXPECT_TRUE(begun) << begun.error().detail;
  world.pass(10s);
  EXPECT_TRUE(resumed);
  if (begun) EXPECT_EQ(now(*begun).stage, Stage::quoted);
}

}  // namespace
}  // namespace archy::sim
