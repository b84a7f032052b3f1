// Buying from a peer over real QUIC: what is paid, what is lost to cheats, who is left.
#include "paid/paid_source.hpp"

#include "paid/test_buyer.hpp"

namespace archy::paid {
namespace {

using cashu::Amount;
using streaming::PaymentPolicy;
using streaming::PurchaseState;

constexpr std::uint64_t kMiB = 1u << 20;

// A peer's bytes without swarm's source: asks for all that is missing.
class PlainSource final : public fetch::Source {
 public:
  PlainSource(rt::Clock& clock, quic::Endpoint& endpoint, fetch::PeerAddress peer)
      : clock_(clock), endpoint_(endpoint), peer_(std::move(peer)) {}
  std::string name() const override { return "peer"; }
  fetch::SourceKind kind() const override { return fetch::SourceKind::peer; }
  rt::Task<> fetch(fetch::Attempt& attempt) override {
    ++fetches;
    if (!connection_ || connection_->closed()) {
      auto addresses = peer_.addresses;
      CO_TRY(made,
             co_await endpoint_.connect(peer_.id, std::move(addresses), std::string(blobs::kAlpn)));
      connection_ = made;
    }
    blobs::PartialSink sink(attempt.target);
    blobs::GetOptions how{clock_, attempt.no_progress_limit};
    how.stop = attempt.stop;
    const auto missing = (attempt.wanted - attempt.target->have()).rounded_to_groups();
    co_return co_await blobs::get_blob(connection_, attempt.hash, missing, sink, how);
  }
  int fetches = 0;

 private:
  rt::Clock& clock_;
  quic::Endpoint& endpoint_;
  fetch::PeerAddress peer_;
  std::shared_ptr<quic::Connection> connection_;
};

struct PaidSourceTest : SellersTest {
  std::unique_ptr<WordPurse> purse;
  std::unique_ptr<streaming::Buyer> buyer;
  std::shared_ptr<PlainSource> plain;
  std::shared_ptr<PaidSource> source;
  PaymentPolicy policy =
      PaymentPolicy::of(Amount(1000), Amount(1), {}, Amount(100000), Amount(100000));
  Blake3Hash hash = Blake3Hash();
  rt::Duration patience = std::chrono::milliseconds(700);

  void SetUp() override {
    SellersTest::SetUp();
    purse = std::make_unique<WordPurse>(world.files, world.random, till, folder.path);
    buyer = std::make_unique<streaming::Buyer>(world.env, *purse);
  }
  void TearDown() override {
    source.reset();
    plain.reset();
    SellersTest::TearDown();
    buyer.reset();
    purse.reset();
  }
  void start(std::uint64_t size, ContentClass klass = ContentClass::metered) {
    hash = sell_content(store::some_bytes(size), klass);
    sell();
    new_source();
  }
  std::shared_ptr<Asker> asker_for(const fetch::PeerAddress& peer) {
    return std::make_shared<Asker>(world.clock, *client, peer);
  }
  void new_source(bool with_buyer = true) {
    const fetch::PeerAddress peer{server->id(), server->addresses()};
    plain = std::make_shared<PlainSource>(world.clock, *client, peer);
    source = std::make_shared<PaidSource>(world.env, asker_for(peer), plain,
                                          with_buyer ? buyer.get() : nullptr,
                                          PaidSourceOptions{policy, {}, {}});
  }
  // Bytes that are held afterwards.
  struct Got {
    std::uint64_t bytes = 0;
    std::optional<Error> error;
  };
  Got fetch() {
    auto attempt = std::make_shared<fetch::Attempt>();
    attempt->hash = hash;
    attempt->wanted = bao::ChunkRanges::all();
    attempt->target = kept->partial(hash).value();
    attempt->no_progress_limit = patience;
    const auto flow = [](PaidSource& from, fetch::Attempt& a) -> rt::Task<> {
      co_return co_await from.fetch(a);
    };
    auto went = run(flow(*source, *attempt));
    (void)attempt->target->flush();
    Got out;
    if (!went) out.error = went.error();
    const auto have = attempt->target->have().boundaries();
    for (std::size_t i = 0; i + 1 < have.size(); i += 2)
      out.bytes += (have[i + 1] - have[i]) * 1024;
    return out;
  }
  std::vector<streaming::PurchaseView> purchases() { return *buyer->purchases({}, 1000); }
};

TEST_F(PaidSourceTest, PaysInPortionsAndGetsItAll) {
  start(24 * kMiB);
  const Got got = fetch();
  EXPECT_FALSE(got.error) << to_string(*got.error);
  EXPECT_EQ(got.bytes, 24 * kMiB);
  EXPECT_EQ(purse->spent, 24u) << "a sat a MiB, and no more than there is";
  EXPECT_EQ(till.taken, 24 * kMiB);
  EXPECT_GE(purchases().size(), 3u);
  for (const auto& each : purchases()) {
    EXPECT_EQ(each.state, PurchaseState::taken);
    EXPECT_LE(each.amount, Amount(10));
    EXPECT_EQ(each.payment.size(), 32u);
  }
  EXPECT_EQ(source->paid(), Amount(24));
  EXPECT_EQ(plain->fetches, 1) << "it pays while bytes come";
}
TEST_F(PaidSourceTest, WhatIsFreeCostsNothing) {
  start(2 * kMiB, ContentClass::public_);
  EXPECT_EQ(fetch().bytes, 2 * kMiB);
  EXPECT_EQ(purse->payments, 0);
  EXPECT_EQ(till.asked, 0);
}
TEST_F(PaidSourceTest, APeerThatDoesNotSpeakOfMoneyIsAskedForTheBytes) {
  start(2 * kMiB, ContentClass::public_);
  speaks_of_money = false;
  EXPECT_EQ(fetch().bytes, 2 * kMiB);
  EXPECT_EQ(purse->payments, 0);
}
TEST_F(PaidSourceTest, WithoutABuyerAPeerThatAsksForMoneyIsLeft) {
  start(2 * kMiB);
  new_source(false);
  const Got got = fetch();
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, Code::denied);
  EXPECT_EQ(plain->fetches, 0);
  policy = PaymentPolicy::free();
  new_source();
  EXPECT_EQ(fetch().error->code, Code::denied);
  EXPECT_TRUE(purchases().empty());
}
TEST_F(PaidSourceTest, ContentThatIsFreeToOneSideOnlyIsNotPaidFor) {
  // He calls it free and does not serve it: the refusal is his, and nothing is paid for it.
  start(2 * kMiB);
  till.twist = [](const auto&, const auto&) -> std::optional<streaming::GateAnswer> {
    return streaming::GateAnswer{.verdict = GateVerdict::allowed};
  };
  const Got got = fetch();
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, Code::denied);
  EXPECT_EQ(purse->payments, 0);
  EXPECT_LE(plain->fetches, 4);
}
TEST_F(PaidSourceTest, APriceOverTheCapIsNotPaid) {
  till.price = 600;
  start(2 * kMiB);
  const Got got = fetch();
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, Code::denied);
  EXPECT_EQ(purse->payments, 0);
}
TEST_F(PaidSourceTest, NothingIsBoughtBeyondTheCapWhateverIsAskedFor) {
  policy.per_blob = Amount(6);
  start(24 * kMiB);
  const Got got = fetch();
  ASSERT_TRUE(got.error);
  EXPECT_LE(purse->spent, 6u);
  EXPECT_LE(got.bytes, 6 * kMiB);
}
TEST_F(PaidSourceTest, AnEmptyWalletLeavesThePeer) {
  start(2 * kMiB);
  purse->is_empty = true;
  const Got got = fetch();
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, Code::denied);
  EXPECT_EQ(plain->fetches, 0);
}
TEST_F(PaidSourceTest, CreditOfBeforeIsUsedFirst) {
  start(4 * kMiB);
  till.credits[{client->id(), hash}] = 2 * kMiB;
  till.most_waits = 2;
  EXPECT_EQ(fetch().bytes, 4 * kMiB);
  EXPECT_EQ(purse->spent, 2u);
}
TEST_F(PaidSourceTest, APaymentThatWasNotAnsweredIsShownAgain) {
  start(1 * kMiB);
  auto paid = std::optional<streaming::Instalment>();
  const auto buying = [](streaming::Buyer& by, PaymentPolicy how, streaming::Purchase what,
                         std::optional<streaming::Instalment>& out) -> rt::Task<> {
    out = co_await by.auto_pay_token(how, what, {"http://mint-a.test"}, Amount(1), {});
    co_return Result<>{};
  };
  ASSERT_TRUE(run(buying(*buyer, policy, {server->id(), hash, {}}, paid)));
  ASSERT_TRUE(paid && buyer->handing(paid->id));
  // Another run of the program.
  buyer = std::make_unique<streaming::Buyer>(world.env, *purse);
  new_source();
  EXPECT_EQ(fetch().bytes, 1 * kMiB);
  EXPECT_EQ(purse->spent, 1u);
  EXPECT_EQ(purchases()[0].state, PurchaseState::taken);
}

// A seller that is honest for n - 1 payments.
struct Cheats : PaidSourceTest, testing::WithParamInterface<int> {
  static constexpr std::uint64_t kStep = 64u << 10;
  int payments_until_now = 0;

  // Ten steps of a sat are a portion.
  void start_in_steps() {
    till.step = kStep;
    patience = std::chrono::milliseconds(200);
    start(10 * kMiB);
  }
  std::uint64_t delivered() { return till.taken; }
  // What was paid and not delivered, in whole steps of a sat.
  void expect_a_small_loss() {
    EXPECT_LE(purse->spent, delivered() / kStep + 10) << "one portion";
    const Amount lost = *buyer->lost_to(server->id());
    EXPECT_GT(lost, Amount(0)) << "it is remembered";
    const int before = purse->payments;
    new_source();
    EXPECT_TRUE(fetch().error);
    EXPECT_EQ(purse->payments, before) << "and not bought from again";
  }
};

TEST_P(Cheats, TakesATokenAndDenies) {
  start_in_steps();
  till.twist = [this](const auto&, const auto& token) -> std::optional<streaming::GateAnswer> {
    if (!token || ++payments_until_now < GetParam()) return std::nullopt;
    till.spent[token->reveal()] = client->id();
    return streaming::GateAnswer{.verdict = GateVerdict::failed, .reason = "no"};
  };
  EXPECT_TRUE(fetch().error);
  EXPECT_EQ(payments_until_now, GetParam());
  expect_a_small_loss();
}
TEST_P(Cheats, RefusesATokenThatItDidNotTake) {
  start_in_steps();
  till.twist = [this](const auto&, const auto& token) -> std::optional<streaming::GateAnswer> {
    if (!token || ++payments_until_now < GetParam()) return std::nullopt;
    return streaming::GateAnswer{.verdict = GateVerdict::failed, .reason = "no"};
  };
  EXPECT_TRUE(fetch().error);
  EXPECT_EQ(purchases()[0].state, PurchaseState::had_back);
  EXPECT_EQ(*buyer->lost_to(server->id()), Amount(0));
  EXPECT_LE(purse->spent, delivered() / kStep + 10);
}
TEST_P(Cheats, GrantsAndDeliversNothingMore) {
  start_in_steps();
  till.most_waits = 1 << 30;
  till.twist = [this](const auto& want, const auto& token) -> std::optional<streaming::GateAnswer> {
    if (!token || ++payments_until_now < GetParam()) return std::nullopt;
    // The money is his, the credit is none: every group waits from now on.
    till.spent[token->reveal()] = want.peer;
    till.credits[{want.peer, want.hash}] = 1;
    return streaming::GateAnswer{.verdict = GateVerdict::paid_and_allowed};
  };
  Got got;
  for (int turn = 0; turn < 4; ++turn) got = fetch();
  EXPECT_EQ(got.error->code, Code::denied) << to_string(*got.error);
  expect_a_small_loss();
}
TEST_P(Cheats, GrantsAndThenRefuses) {
  start_in_steps();
  till.most_waits = 3;
  till.twist = [this](const auto& want, const auto& token) -> std::optional<streaming::GateAnswer> {
    if (token && ++payments_until_now >= GetParam()) {
      till.spent[token->reveal()] = want.peer;
      till.credits[{want.peer, want.hash}] = 0;
      return streaming::GateAnswer{.verdict = GateVerdict::paid_and_allowed};
    }
    return std::nullopt;
  };
  EXPECT_TRUE(fetch().error);
  expect_a_small_loss();
}
// Bytes that are those of the blob until somebody says otherwise.
class JunkSource final : public fetch::Source {
 public:
  explicit JunkSource(std::shared_ptr<fetch::Source> bytes) : bytes_(std::move(bytes)) {}
  std::string name() const override { return "junk"; }
  fetch::SourceKind kind() const override { return fetch::SourceKind::peer; }
  rt::Task<> fetch(fetch::Attempt& attempt) override {
    attempt.stop = now_.get_token();
    auto went = co_await bytes_->fetch(attempt);
    if (now_.stop_requested()) co_return fail(Code::corrupt, "not the bytes of this blob");
    co_return went;
  }
  void from_now_on() { now_.request_stop(); }

 private:
  std::shared_ptr<fetch::Source> bytes_;
  std::stop_source now_;
};

TEST_P(Cheats, ServesJunk) {
  start_in_steps();
  const auto junk = std::make_shared<JunkSource>(plain);
  source = std::make_shared<PaidSource>(world.env, asker_for({server->id(), server->addresses()}),
                                        junk, buyer.get(), PaidSourceOptions{policy, {}, {}});
  till.twist = [&](const auto&, const auto& token) -> std::optional<streaming::GateAnswer> {
    if (token && ++payments_until_now == GetParam()) junk->from_now_on();
    return std::nullopt;
  };
  const Got got = fetch();
  ASSERT_TRUE(got.error);
  EXPECT_LE(purse->spent, got.bytes / kStep + 11) << "one portion, and a group that was cut";
  EXPECT_GT(*buyer->lost_to(server->id()), Amount(0));
  EXPECT_EQ(payments_until_now, GetParam());
}
TEST_P(Cheats, AsksForMoreThanItDid) {
  start_in_steps();
  till.most_waits = 3;
  till.twist = [this](const auto& want, const auto& token) -> std::optional<streaming::GateAnswer> {
    if (token && ++payments_until_now == GetParam()) {
      till.price *= 2;
      till.spent[token->reveal()] = want.peer;
      return streaming::GateAnswer{
          .verdict = GateVerdict::insufficient,
          .quote = streaming::Quote{"q", Amount(40), {}, till.mints, 0},
          .receipt = streaming::Receipt{std::string(32, 'a'), Amount(1), wallet::Msat(1)}};
    }
    return std::nullopt;
  };
  EXPECT_TRUE(fetch().error);
  expect_a_small_loss();
}
INSTANTIATE_TEST_SUITE_P(AtEachPayment, Cheats, testing::Range(1, 21));

}  // namespace
}  // namespace archy::paid
