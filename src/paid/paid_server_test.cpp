#include "paid/paid_server.hpp"

#include "paid/test_sellers.hpp"

namespace archy::paid {
namespace {

struct PaidServerTest : SellersTest {
  Blake3Hash priced = Blake3Hash();
  void start(ContentClass klass = ContentClass::metered) {
    priced = sell_content(store::some_bytes(3 << 20), klass);
    sell();
    connect_to(kAlpn);
  }
  boost::asio::awaitable<void> ask_once(int& answered) {
    auto answer =
        co_await raw_flow(connection, framed("{\"want\":\"" + priced.hex() + "\"}"), true);
    if (answer && answer->clean_end && !answer->bytes.empty()) ++answered;
  }
  boost::asio::awaitable<void> ask_often(int times, int& answered) {
    rt::Scope scope(world.loop.get_executor());
    for (int i = 0; i < times; ++i) scope.start(ask_once(answered));
    co_await scope.close(world.clock);
  }
};

TEST_F(PaidServerTest, AnswersTheMinimalFormWithTheMinimalForm) {
  start();
  till.price = 7;
  till.values["t1"] = 21;
  EXPECT_EQ(ask_for(priced),
            R"({"PaymentRequired":{"price_sats":21,"accepted_mints":["http://mint-a.test"]}})");
  EXPECT_EQ(ask_for(priced, R"(,"token":"t1")"), R"("Granted")");
  EXPECT_EQ(ask_for(priced), R"("Granted")");
  EXPECT_EQ(ask_for(priced, R"(,"token":"t2")"), R"({"Denied":{"reason":"a token that is none"}})");
}
TEST_F(PaidServerTest, SaysMoreToThoseWhoReadIt) {
  start();
  till.values["t1"] = 2;
  const auto quoted = parse_answer(ask_for(priced, R"(,"v":1,"bytes":2000000)"));
  ASSERT_TRUE(quoted);
  const auto& required = std::get<PaymentRequired>(*quoted);
  EXPECT_EQ(required.price_sats, 2u) << "of 2000000 bytes";
  EXPECT_EQ(required.quote, "ffeeddccbbaa99887766554433221100");
  EXPECT_GE(*required.expires_in_s, 110u);
  EXPECT_EQ(required.terms->step_size, 1u << 20);
  const auto granted = parse_answer(ask_for(priced, R"(,"v":1,"token":"t1","bytes":2000000)"));
  ASSERT_TRUE(granted);
  EXPECT_EQ(std::get<Granted>(*granted).receipt->paid, cashu::Amount(2));
  EXPECT_EQ(till.wants.back().size, 2000000u);
  EXPECT_EQ(till.wants.back().peer, client->id()) << "who pays is who is connected";
  EXPECT_EQ(till.wants.back().prefix, "v4 7f0000");
  (void)ask_for(priced, R"(,"v":1,"bytes":99999999999)");
  EXPECT_EQ(till.wants.back().size, 3u << 20) << "no more than there is";
}
TEST_F(PaidServerTest, GrantsWhatIsPublicWithoutAGate) {
  const Blake3Hash hash = sell_content(store::some_bytes(100), ContentClass::public_);
  sell_by(no_till);
  connect_to(kAlpn);
  EXPECT_EQ(ask_for(hash), R"("Granted")");
  EXPECT_EQ(ask_for(hash, R"(,"v":1,"token":"t1")"), R"("Granted")");
}
TEST_F(PaidServerTest, KnowsNothingOfWhatIsNotOffered) {
  start();
  EXPECT_EQ(ask_for(Blake3Hash()), R"({"Denied":{"reason":"not found"}})");
  EXPECT_EQ(ask_for(Blake3Hash(), R"(,"v":1,"token":"t1")"),
            R"({"Denied":{"reason":"not found"}})");
  EXPECT_EQ(till.asked, 0);
}
TEST_F(PaidServerTest, ATroubleOfItsOwnIsNeverAYes) {
  start(ContentClass::paid);
  till.twist = [](const auto&, const auto&) { return streaming::GateAnswer{}; };
  EXPECT_EQ(ask_for(priced), R"({"Denied":{"reason":"try later"}})");
  catalog.broken = true;
  EXPECT_EQ(ask_for(priced, R"(,"v":1)"), R"({"Denied":{"reason":"try later","try_later":true}})");
}
TEST_F(PaidServerTest, AnswersNothingToWhatIsNoQuestion) {
  start();
  EXPECT_EQ(ask_raw("{}"), "");
  EXPECT_EQ(ask_raw("\"Granted\""), "");
  Bytes cut = framed("{\"want\":\"" + priced.hex() + "\"}");
  cut.pop_back();
  EXPECT_TRUE(raw(cut).bytes.empty());
  Bytes longer = framed("{\"want\":\"" + priced.hex() + "\"}");
  longer.push_back(' ');
  EXPECT_TRUE(raw(longer).bytes.empty());
  EXPECT_TRUE(raw(Bytes{1, 0, 1, 0, '{'}, false).bytes.empty()) << "64 KiB and one byte";
  EXPECT_TRUE(raw(Bytes{9, 0, 0, 0, '"'}, false).bytes.empty()) << "no end for too long";
  EXPECT_EQ(till.asked, 0);
  EXPECT_NE(ask_for(priced), "") << "the connection is as good as before";
}
// Answers only when somebody says so.
struct HeldTill final : Till {
  HeldTill(rt::Executor executor, rt::Clock& with_clock) : go(executor), clock(with_clock) {}
  boost::asio::awaitable<streaming::GateAnswer> ask(streaming::Want,
                                                    std::optional<Secret<std::string>>,
                                                    std::stop_token) override {
    most = std::max(most, ++now);
    if (now == kQuestionsAtOnce) open = true;
    go.notify();
    while (!open) (void)co_await go.wait(clock);
    // Others that were let in would be counted by now.
    for (int turns = 0; turns < 20; ++turns)
      (void)co_await go.wait(clock, clock.now() + std::chrono::milliseconds(1));
    --now;
    co_return streaming::GateAnswer{.verdict = GateVerdict::allowed};
  }
  streaming::Gate::Begun begin(const streaming::Want&) override { return {}; }
  streaming::MeterAnswer take(streaming::GateTicket, std::uint64_t) override { return {}; }
  void settle(streaming::GateTicket) override {}

  rt::Signal go;
  rt::Clock& clock;
  std::size_t now = 0, most = 0;
  bool open = false;
};

TEST_F(PaidServerTest, AnswersEightQuestionsOfAPeerAtOnce) {
  priced = sell_content(store::some_bytes(3 << 20), ContentClass::metered);
  HeldTill held(world.loop.get_executor(), world.clock);
  sell_by(held);
  connect_to(kAlpn);
  int answered = 0;
  world.run(ask_often(20, answered));
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(held.most, kQuestionsAtOnce);
}

}  // namespace
}  // namespace archy::paid
