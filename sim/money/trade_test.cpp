// A buyer and a seller over QUIC in the simulated network, the seller with his gate, both with real
// ecash of a mint. They share a wallet, so that what one has lost the other has got, to the sat.
#include <gtest/gtest.h>

#include "blobs/provider.hpp"
#include "paid/gate_admission.hpp"
#include "paid/paid_peer.hpp"
#include "paid/paid_server.hpp"
#include "quic/types.hpp"
#include "sim/money/shop.hpp"
#include "store/memory_store.hpp"
#include "streaming/buyer.hpp"
#include "swarm/peer_source.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using streaming::ContentClass;
using streaming::PaymentPolicy;
using streaming::PurchaseState;
using namespace std::chrono_literals;

struct OneBlob final : paid::Catalog {
  Result<std::optional<paid::CatalogEntry>> find(const Blake3Hash& of) override {
    if (of != hash) return std::optional<paid::CatalogEntry>{};
    return std::optional(entry);
  }
  Blake3Hash hash;
  paid::CatalogEntry entry;
};

struct Trades : testing::Test {
  WalletWorld world{1};
  Shop shop{world};
  PaymentPolicy policy = PaymentPolicy::of(Amount(400), Amount(5), {}, Amount(1000), Amount(1000));
  OneBlob catalog;
  std::unique_ptr<rt::Env> env;
  std::unique_ptr<store::BlobStore> served, kept;
  std::optional<paid::GateTill> till;
  std::unique_ptr<paid::GateAdmission> admission;
  std::unique_ptr<blobs::Provider> provider;
  std::unique_ptr<paid::PaidServer> asked;
  std::unique_ptr<quic::Endpoint> server, client;
  std::unique_ptr<streaming::Buyer> buyer;
  std::shared_ptr<fetch::Source> source;
  std::unique_ptr<rt::Scope> scope;
  std::uint64_t size = 0;

  void SetUp() override {
    ASSERT_TRUE(world.start());
    ASSERT_TRUE(shop.open(2000));
  }
  void TearDown() override {
    ASSERT_TRUE(world.run(shut()));
    source.reset();
    ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
    EXPECT_EQ(world.imbalance("mint-a"), "");
  }
  std::unique_ptr<quic::Endpoint> endpoint(std::uint8_t key, std::uint16_t port) {
    std::array<std::uint8_t, 32> seed;
    seed.fill(key);
    quic::Config config;
    rt::Address bind = env->network.interface_addresses().front();
    bind.port = port;
    config.bind = {bind};
    if (key == 1) config.alpns = {std::string(blobs::kAlpn), std::string(paid::kAlpn)};
    auto made = quic::make_endpoint(*env, crypto::Ed25519Seed(seed), std::move(config));
    EXPECT_TRUE(made) << to_string(made.error());
    return made ? std::move(*made) : nullptr;
  }
  static Bytes content(std::uint64_t bytes) {
    Bytes out(bytes);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * i >> 7);
    return out;
  }
  void open(std::uint64_t bytes, ContentClass klass) {
    source.reset();
    env = std::make_unique<rt::Env>(world.wallet_env());
    scope = std::make_unique<rt::Scope>(env->executor);
    served = store::make_memory_store(env->files, env->clock, env->random, world.data_dir());
    kept = store::make_memory_store(env->files, env->clock, env->random, world.data_dir());
    size = bytes;
    catalog.hash = served->add_bytes(content(bytes)).value().hash;
    catalog.entry = {klass, streaming::ServiceId::content_download, bytes};
    till.emplace(shop.gate());
    admission = std::make_unique<paid::GateAdmission>(catalog, *till);
    provider = std::make_unique<blobs::Provider>(*env, *served, *admission);
    asked = std::make_unique<paid::PaidServer>(*env, catalog, *till);
    server = endpoint(1, 4001);
    client = endpoint(2, 4002);
    ASSERT_TRUE(server && client);
    scope->start(accept_all());
    buyer = std::make_unique<streaming::Buyer>(*env, shop.purse());
    new_source();
  }
  void new_source() {
    const fetch::PeerAddress peer{server->id(), server->addresses()};
    source = std::make_shared<paid::PaidPeer>(
        *env, *client, peer, std::make_shared<swarm::PeerSource>(env->clock, *client, peer), *buyer,
        paid::PaidSourceOptions{policy, {}, {}});
  }
  boost::asio::awaitable<void> accept_all() {
    for (;;) {
      auto accepted = co_await server->accept();
      if (!accepted) break;
      std::shared_ptr<quic::Connection> over = std::move(*accepted);
      scope->start(over->alpn() == paid::kAlpn ? asked->serve(over, scope->stop_token())
                                               : provider->serve(over, scope->stop_token()));
    }
  }
  rt::Task<> shut() {
    if (client) co_await client->close(0, "");
    if (server) co_await server->close(0, "");
    if (scope) co_await scope->close(env->clock);
    co_return Result<>{};
  }
  rt::Task<> fetching(fetch::Attempt& attempt) { co_return co_await source->fetch(attempt); }
  struct Got {
    bool complete = false;
    std::optional<Error> error;
  };
  Got fetch() {
    fetch::Attempt attempt;
    attempt.hash = catalog.hash;
    attempt.wanted = bao::ChunkRanges::all();
    attempt.target = kept->partial(catalog.hash).value();
    attempt.no_progress_limit = 5s;
    auto went = world.run(fetching(attempt));
    (void)attempt.target->flush();
    Got out{attempt.target->is_complete(), {}};
    if (!went) out.error = went.error();
    return out;
  }
  // Both programs start again after a death, as often as it takes until the blob is there. How many
  // deaths there were.
  std::uint64_t trade_through_deaths(std::uint64_t first, std::uint64_t step, Death death) {
    std::uint64_t deaths = 0;
    for (std::uint64_t nth = first;; nth += step) {
      world.kill_at_disk_call(nth, death);
      const Got got = fetch();
      const bool died = !world.is_armed();
      (void)world.run(shut());
      source.reset();
      buyer.reset();
      if (!shop.restart()) return 0;
      open(size, catalog.entry.klass);
      if (!died) {
        EXPECT_TRUE(got.complete) << (got.error ? to_string(*got.error) : "");
        return deaths;
      }
      ++deaths;
      EXPECT_TRUE(world.run(buyer->recover(world.stop())));
      (void)world.run(world.wallet().resume({}, world.stop()));
    }
  }
  std::uint64_t paid_for() {
    std::uint64_t sum = 0;
    for (const auto& each : *buyer->purchases({}, 1000)) sum += each.amount.value();
    return sum;
  }
};

TEST_F(Trades, WhatIsPaidIsWhatIsDeliveredToTheSat) {
  ASSERT_TRUE(shop.sell({}));
  open(12 * kMiB, ContentClass::metered);
  const std::uint64_t before = world.balance("mint-a");
  const Got got = fetch();
  EXPECT_TRUE(got.complete) << (got.error ? to_string(*got.error) : "");
  EXPECT_EQ(paid_for(), 12u);
  EXPECT_EQ(shop.credit_msat(), 12000u);
  EXPECT_EQ(shop.used_msat(), 12000u);
  EXPECT_EQ(world.balance("mint-a"), before) << "from one hand into the other, without a fee";
  for (const auto& each : *buyer->purchases({}, 100)) {
    EXPECT_EQ(each.state, PurchaseState::taken);
    EXPECT_LE(each.amount, Amount(4)) << "a hundredth of 400";
    EXPECT_EQ(each.payment.size(), 32u);
  }
}
TEST_F(Trades, PaidContentIsSoldJustSo) {
  ASSERT_TRUE(shop.sell({.step_size = kMiB, .per_step = Amount(3), .min_steps = 2}));
  open(5 * kMiB, ContentClass::paid);
  EXPECT_TRUE(fetch().complete);
  EXPECT_GE(paid_for(), 15u);
  EXPECT_LE(paid_for(), 18u) << "whole purchases of two steps";
  EXPECT_EQ(shop.used_msat(), 15000u);
}
TEST_F(Trades, APublicBlobTouchesNoWalletOfEither) {
  ASSERT_TRUE(shop.sell({}));
  open(3 * kMiB, ContentClass::public_);
  policy = PaymentPolicy::free();
  new_source();
  const std::uint64_t calls = shop.purse().calls();
  EXPECT_TRUE(fetch().complete);
  EXPECT_EQ(shop.purse().calls(), calls);
}
TEST_F(Trades, ABuyerWithoutABudgetGetsWhatIsFreeAndNoMore) {
  ASSERT_TRUE(shop.sell({}));
  open(3 * kMiB, ContentClass::paid);
  policy = PaymentPolicy::free();
  new_source();
  const Got got = fetch();
  EXPECT_FALSE(got.complete);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, Code::denied);
  EXPECT_EQ(paid_for(), 0u);
  EXPECT_EQ(shop.credit_msat(), 0u);
}
TEST_F(Trades, ASecondFetchUsesWhatIsLeft) {
  ASSERT_TRUE(shop.sell({.step_size = kMiB, .per_step = Amount(1), .min_steps = 8}));
  open(3 * kMiB, ContentClass::paid);
  EXPECT_TRUE(fetch().complete);
  EXPECT_EQ(paid_for(), 8u);
  kept = store::make_memory_store(env->files, env->clock, env->random, world.data_dir());
  new_source();
  EXPECT_TRUE(fetch().complete);
  EXPECT_EQ(shop.used_msat(), 6000u);
  EXPECT_LE(paid_for(), 16u);
}

TEST_F(Trades, SurviveDeathsOfBothSidesToTheSat) {
  policy = PaymentPolicy::of(Amount(2000), Amount(5), {}, Amount(2000), Amount(2000));
  ASSERT_TRUE(shop.sell({}));
  std::uint64_t another = 0;  // blob each time: credit that is left would pay for it
  for (const Death death : {Death::killed, Death::power_cut})
    for (const std::uint64_t first : {1u, 8u}) {
      open(3 * kMiB + ++another, ContentClass::paid);
      EXPECT_GT(trade_through_deaths(first, 11, death), 2u);
      // What the buyer counts as gone is what the seller counts as come, whoever was told of it.
      ASSERT_TRUE(world.run(buyer->recover(world.stop())));
      (void)world.run(world.wallet().resume({}, world.stop()));
      ASSERT_TRUE(world.run(buyer->recover(world.stop())));
      std::uint64_t gone = 0;
      for (const auto& each : *buyer->purchases({}, 1000)) {
        EXPECT_NE(each.state, PurchaseState::begun);
        EXPECT_NE(each.state, PurchaseState::handed);
        gone += each.amount.value() * 1000;
      }
      EXPECT_EQ(gone, shop.credit_msat());
      EXPECT_LE(shop.used_msat(), shop.credit_msat());
      ASSERT_TRUE(world.run(shut()));
    }
}

}  // namespace
}  // namespace archy::sim
