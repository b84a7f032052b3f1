// From the words alone: everything that is unspent comes back, and nothing else.
#include <nlohmann/json.hpp>

#include "sim/money/operations_fixture.hpp"
#include "sim/money/wallet_story.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using namespace std::chrono_literals;

// Says of restored signatures what `lie` makes of it.
class LyingClient final : public http::Client {
 public:
  using Lie = std::function<void(nlohmann::json&)>;
  LyingClient(http::Client& honest, Lie lie) : honest_(honest), lie_(std::move(lie)) {}
  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override {
    const bool restore = request.url.ends_with("/v1/restore");
    CO_TRY(response, co_await honest_.send(std::move(request), stop));
    if (!restore) co_return std::move(response);
    std::string body;
    for (;;) {
      CO_TRY(piece, co_await response->read());
      if (piece.empty()) break;
      body += as_text(piece);
    }
    auto json = nlohmann::json::parse(body);
    lie_(json);
    co_return std::unique_ptr<http::Response>(new Told(response->head(), json.dump()));
  }

 private:
  class Told final : public http::Response {
   public:
    Told(http::ResponseHead head, std::string body)
        : head_(std::move(head)), body_(std::move(body)) {}
    const http::ResponseHead& head() const override { return head_; }
    rt::Task<ByteView> read() override {
      const bool first = !std::exchange(read_, true);
      co_return first ? as_bytes(body_) : ByteView{};
    }

   private:
    http::ResponseHead head_;
    std::string body_;
    bool read_ = false;
  };
  http::Client& honest_;
  Lie lie_;
};

struct Restores : testing::Test {
  WalletWorld world{3};
  wallet::Patience patience{.all = 60s, .answer = 5s};

  void open_with_mints() {
    ASSERT_TRUE(world.start());
    ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
  }
};

TEST(RestoreOfThousands, FindsEveryProofOfThreeMintsAndSixKeysets) {
  Outcome outcome;
  run_restore(4, outcome);  // `money_sim restore`: 10,000 proofs
  EXPECT_EQ(outcome.violations, 0u) << outcome.message;
  EXPECT_GE(outcome.events, 450u) << "proofs";
}

TEST_F(Restores, AMintThatLiesInflatesNothing) {
  open_with_mints();
  ASSERT_TRUE(world.fund("mint-a", 100));
  ASSERT_TRUE(world.forget_wallet());
  const LyingClient::Lie lies[] = {[](nlohmann::json& json) {  // more than it signed
                                     for (auto& each : json["signatures"])
                                       each["amount"] = 1u << 30;
                                   },
                                   [](nlohmann::json& json) {  // somebody else's signature
                                     auto& all = json["signatures"];
                                     if (all.size() > 1) std::swap(all[0]["C_"], all[1]["C_"]);
                                   },
                                   [](nlohmann::json& json) {  // no proof of any of them
                                     for (auto& each : json["signatures"]) each.erase("dleq");
                                   },
                                   [](nlohmann::json& json) {  // one of them twice
                                     if (json["outputs"].empty()) return;
                                     json["outputs"].push_back(json["outputs"][0]);
                                     json["signatures"].push_back(json["signatures"][0]);
                                   }};
  for (const auto& lie : lies) {
    LyingClient liar(world.http(), lie);
    world.set_client(&liar);
    ASSERT_TRUE(world.start());
    ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
    const auto report = world.run(world.wallet().restore(world.url("mint-a"), {}));
    if (report)
      EXPECT_GT(report->refused, 0u);
    else
      EXPECT_EQ(report.error().code, Code::peer_fault) << report.error().detail;
    EXPECT_LT(world.balance("mint-a"), 100u);
    world.set_client(nullptr);
    ASSERT_TRUE(world.forget_wallet());
  }
  open_with_mints();
  ASSERT_TRUE(world.run(world.wallet().restore(world.url("mint-a"), {})));
  EXPECT_EQ(world.balance("mint-a"), 100u) << "what is true comes back afterwards";
}

TEST_F(Restores, WhatIsWrongOfItKeepsNothingElseBack) {
  open_with_mints();
  ASSERT_TRUE(world.fund("mint-a", 100));
  ASSERT_TRUE(world.forget_wallet());
  LyingClient liar(world.http(), [](nlohmann::json& json) {
    if (!json["signatures"].empty()) json["signatures"][0].erase("dleq");
  });
  world.set_client(&liar);
  open_with_mints();
  const auto report = world.run(world.wallet().restore(world.url("mint-a"), {}));
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_GT(report->found, Amount(0));
  EXPECT_LT(report->found, Amount(100));
  EXPECT_EQ(report->refused, 1u);
  world.set_client(nullptr);
  ASSERT_TRUE(world.start());
  ASSERT_TRUE(world.run(world.wallet().restore(world.url("mint-a"), {})));
  EXPECT_EQ(world.balance("mint-a"), 100u);
}

TEST_F(Restores, ChangeThatWasSignedInANewerKeysetComesBack) {
  open_with_mints();
  ASSERT_TRUE(world.fund("mint-a", 200));
  ASSERT_TRUE(world.mint("mint-a").faults().add(R"([{"fault":"pay_pending","ms":20000}])"));
  const wallet::Wallet::Caller caller{world.url("mint-a"), {}};
  const auto begun = world.run(world.wallet().melt({world.outside_invoice(100), {}}, caller,
                                                   {.all = 1s, .answer = 5s}, world.stop()));
  ASSERT_TRUE(begun) << begun.error().detail;
  ASSERT_TRUE(world.mint("mint-a").rotate({}));
  ASSERT_EQ(world.run(world.wallet().go_on(begun->id, patience, {}))->state,
            wallet::OperationState::done);
  ASSERT_TRUE(world.forget_wallet());
  open_with_mints();
  const auto report = world.run(world.wallet().restore(world.url("mint-a"), {}));
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(world.balance("mint-a"), 99u);
  EXPECT_TRUE(world.wallet().check());
  ASSERT_TRUE(
      world.run(world.wallet().send({.amount = Amount(99)}, {}, caller, patience, world.stop())));
}

// CLN's lesson: a copy that is put back must not use again what was used since.
TEST_F(Restores, AnOldCopyThatIsPutBackUsesNoCounterAgain) {
  open_with_mints();
  ASSERT_TRUE(world.fund("mint-a", 100));
  const auto copy = world.copy_database();
  ASSERT_TRUE(world.start());
  ASSERT_TRUE(world.fund("mint-a", 200));
  const wallet::Wallet::Caller caller{world.url("mint-a"), {}};
  ASSERT_TRUE(
      world.run(world.wallet().send({.amount = Amount(55)}, {}, caller, patience, world.stop())));
  world.put_database_back(copy);
  ASSERT_TRUE(world.start());
  EXPECT_TRUE(world.wallet().is_old_copy());
  const auto funded = world.fund("mint-a", 300);
  ASSERT_TRUE(funded) << funded.error().detail;
  ASSERT_TRUE(world.run(world.wallet().restore(world.url("mint-a"), {})));
  EXPECT_EQ(world.imbalance("mint-a"), "")
      << "what was spent since is known, and what came is back";
  ASSERT_TRUE(world.start());
  EXPECT_FALSE(world.wallet().is_old_copy()) << "and it is the newest copy now";
}

}  // namespace
}  // namespace archy::sim
