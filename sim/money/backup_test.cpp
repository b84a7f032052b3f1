// The restore drill: a wallet with something open of each kind, the machine lost, and everything
// goes on from the words and a backup.
#include <nlohmann/json.hpp>

#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::Operation;
using wallet::OperationId;
using wallet::OperationState;
using wallet::RecoveryState;
using wallet::Stage;
using namespace std::chrono_literals;

struct Backups : testing::Test {
  WalletWorld world{5};
  const wallet::Patience patience{.all = 600s, .answer = 5s};
  const wallet::Patience hasty{.all = 1s, .answer = 5s};
  // What is open, by what it is.
  std::map<std::string, OperationId> left;
  std::string unpaid_invoice;

  void SetUp() override { world.keep_backups(); }
  void fault(const std::string& json) { ASSERT_TRUE(world.mint("mint-a").faults().add(json)); }
  std::string url() { return world.url("mint-a"); }

  void begin() {
    ASSERT_TRUE(world.start());
    for (const auto* name : {"mint-a", "mint-b"})
      ASSERT_TRUE(world.run(world.wallet().add_mint(world.url(name), {})));
    ASSERT_TRUE(world.wallet().set_home(url()));
    ASSERT_TRUE(world.wallet().set_cap(world.url("mint-b"), Amount(5000)));
    ASSERT_TRUE(world.fund("mint-a", 1000));
    ASSERT_TRUE(world.fund("mint-b", 77));
  }
  OperationId sent(std::uint64_t sat, bool locked = false) {
    wallet::SendTerms terms{.amount = Amount(sat)};
    if (locked) {
      terms.lock.emplace();
      terms.lock->key = crypto::Point::parse_hex(world.wallet().lock_key()).value();
    }
    const auto done = world.run(world.wallet().send(terms, {}, {}, patience, world.stop()));
    EXPECT_TRUE(done && done->state == OperationState::done) << sat;
    return done->id;
  }
  OperationId quoted(std::uint64_t sat, bool paid) {
    const auto begun = world.run(world.wallet().mint(Amount(sat), {}, {}));
    EXPECT_TRUE(begun);
    const std::string invoice = world.wallet().show(begun->id)->quote->invoice;
    if (paid) world.pay_from_outside(invoice);
    if (!paid) unpaid_invoice = invoice;
    return begun->id;
  }
  void expect_open(const char* what, const Result<Operation>& operation) {
    ASSERT_TRUE(operation) << what << ": " << operation.error().detail;
    EXPECT_FALSE(operation->has_ended()) << what << ": " << operation->note;
    left[what] = operation->id;
  }

  void leave_everything_open() {
    auto& wallet = world.wallet();
    left["handed"] = sent(37);
    const OperationId to_receive = sent(20);
    const OperationId to_take_back = sent(11);
    const OperationId locked = sent(15, true);
    left["unpaid"] = quoted(64, false);
    const OperationId paid = quoted(32, true);
    expect_open("offline", world.run(wallet.receive(wallet.token_of(locked).value(), true, hasty,
                                                    world.stop())));
    // Everything is executed, and no answer comes any more.
    fault(R"([{"fault":"drop_after","route":"POST /v1/melt/bolt11","times":0},
              {"fault":"drop_before","route":"GET /v1/melt/*","times":0}])");
    awake();
    expect_open("melted",
                world.run(wallet.melt({world.outside_invoice(30), {}}, {}, hasty, world.stop())));
    fault(R"([{"fault":"pay_pending","ms":3600000}])");
    awake();
    expect_open("pending",
                world.run(wallet.melt({world.outside_invoice(40), {}}, {}, hasty, world.stop())));
    fault(R"([{"fault":"drop_after","route":"POST /v1/swap","times":0},
              {"fault":"drop_after","route":"POST /v1/mint/bolt11","times":0},
              {"fault":"drop_before","route":"POST /v1/restore","times":0},
              {"fault":"drop_before","route":"POST /v1/checkstate","times":0}])");
    awake();
    expect_open("claimed", world.run(wallet.go_on(paid, hasty, world.stop())));
    awake();
    expect_open("sent", world.run(wallet.send({.amount = Amount(50)}, {}, {{}, "my gift"}, hasty,
                                              world.stop())));
    awake();
    expect_open("swapped", world.run(wallet.take_back(to_take_back, hasty, world.stop())));
    awake();
    expect_open("received", world.run(wallet.receive(wallet.token_of(to_receive).value(), false,
                                                     hasty, world.stop())));
  }
  // So many lost answers would have the mint left alone.
  void awake() {
    const auto asked = world.run(world.wallet().examine(url(), world.stop()));
    ASSERT_TRUE(asked && asked->reachable);
  }

  void let_everything_end() {
    world.mint("mint-a").faults().clear();
    world.pay_from_outside(unpaid_invoice);
    world.pass(2h);
    ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
    const auto after = world.run(world.wallet().recover(world.stop()));
    ASSERT_TRUE(after);
    for (const auto& each : *after)
      EXPECT_EQ(each.recovery.state, RecoveryState::done) << each.mint_url << each.recovery.note;
    const auto open = world.wallet().open_operations();
    ASSERT_TRUE(open);
    for (const Operation& one : *open)
      ADD_FAILURE() << "operation " << one.id.value() << " is open: " << one.note;
    ASSERT_TRUE(world.run(world.wallet().look_after_handed(world.stop())));
    for (const auto* name : {"mint-a", "mint-b"}) EXPECT_EQ(world.imbalance(name), "");
    EXPECT_EQ(world.balance("mint-b"), 77u);
  }
  void expect_all_done() {
    for (const auto& [what, id] : left) {
      const auto view = world.wallet().show(id);
      ASSERT_TRUE(view) << what;
      EXPECT_EQ(view->operation.state, OperationState::done) << what << view->operation.note;
    }
    EXPECT_TRUE(world.wallet().token_of(left["handed"]));
    EXPECT_TRUE(world.wallet().token_of(left["sent"]));
  }
};

TEST_F(Backups, TheWordsAndABackupBringEverythingBack) {
  begin();
  leave_everything_open();
  ASSERT_TRUE(world.take_in_newest_backup());
  ASSERT_TRUE(world.start());
  world.mint("mint-a").faults().clear();
  auto& wallet = world.wallet();
  const auto mints = wallet.balances();
  ASSERT_TRUE(mints);
  ASSERT_EQ(mints->size(), 2u);
  EXPECT_TRUE(mints->at(0).mint.home);
  EXPECT_EQ(mints->at(1).mint.cap, Amount(5000));
  ASSERT_TRUE(world.run(wallet.recover(world.stop())));
  // What was asked for before under this name is that.
  const auto again =
      world.run(wallet.send({.amount = Amount(50)}, {}, {{}, "my gift"}, patience, world.stop()));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->id, left["sent"]);
  let_everything_end();
  expect_all_done();
}

TEST_F(Backups, NothingIsSpentBeforeEveryMintHasAnsweredOrIsSetAside) {
  begin();
  ASSERT_TRUE(world.take_in_newest_backup());
  ASSERT_TRUE(world.start());
  auto& wallet = world.wallet();
  const auto send_at = [&](const char* mint) {
    return world.run(
        world.wallet().send({.amount = Amount(5)}, {}, {world.url(mint), {}}, hasty, {}));
  };
  world.http().route(world.url("mint-b"), nullptr);
  EXPECT_EQ(send_at("mint-a").error().code, Code::denied);
  const auto half = world.run(wallet.recover(world.stop()));
  ASSERT_TRUE(half);
  EXPECT_EQ(half->at(0).recovery.state, RecoveryState::done) << half->at(0).recovery.note;
  EXPECT_EQ(half->at(0).recovery.found, Amount(1000));
  EXPECT_EQ(half->at(1).recovery.state, RecoveryState::needed);
  EXPECT_NE(half->at(1).recovery.note, "");
  EXPECT_EQ(send_at("mint-a").error().code, Code::denied) << "one has not answered";
  EXPECT_EQ(wallet.set_aside(url()).error().code, Code::not_found) << "it has answered";
  ASSERT_TRUE(wallet.set_aside(world.url("mint-b")));
  EXPECT_TRUE(send_at("mint-a"));
  EXPECT_EQ(send_at("mint-b").error().code, Code::denied) << "it was set aside";
  ASSERT_TRUE(world.start()) << "and all that outlives a restart";
  EXPECT_EQ(send_at("mint-b").error().code, Code::denied);
  world.http().route_all(world.mints());
  const auto all = world.run(world.wallet().recover(world.stop()));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->at(1).recovery.state, RecoveryState::done);
  EXPECT_EQ(world.balance("mint-b"), 77u);
  EXPECT_EQ(world.imbalance("mint-a"), "");
  EXPECT_EQ(world.imbalance("mint-b"), "");
}

// What the lost machine spent after the backup is found to be spent.
TEST_F(Backups, AnOldBackupShowsNoSpentEcashAsMoney) {
  begin();
  leave_everything_open();
  const auto old = world.backups().newest(wallet::WalletKeys(crypto::Bip39Seed({7})));
  ASSERT_TRUE(old);
  const auto bytes = world.wallet_disk().look(old->path);
  ASSERT_TRUE(bytes);
  world.mint("mint-a").faults().clear();
  world.pass(2h);
  ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
  for (const std::uint64_t sat : {200u, 150u, 3u}) {
    const auto paid = world.run(
        world.wallet().melt({world.outside_invoice(sat), {}}, {}, patience, world.stop()));
    ASSERT_TRUE(paid && paid->state == OperationState::done);
  }
  ASSERT_TRUE(world.run(world.wallet().take_back(left["handed"], patience, world.stop())));
  for (const auto& entry : *world.wallet_disk().list(old->path.parent_path()))
    ASSERT_TRUE(world.wallet_disk().remove(old->path.parent_path() / entry.name));
  world.wallet_disk().place(old->path, *bytes);
  ASSERT_TRUE(world.take_in_newest_backup());
  ASSERT_TRUE(world.start());
  ASSERT_TRUE(world.run(world.wallet().recover(world.stop())));
  ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
  ASSERT_TRUE(world.run(world.wallet().recover(world.stop())));
  ASSERT_TRUE(world.run(world.wallet().look_after_handed(world.stop())));
  EXPECT_EQ(world.imbalance("mint-a"), "");
  const auto spent = world.run(world.wallet().send({.amount = Amount(world.balance("mint-a"))}, {},
                                                   {}, patience, world.stop()));
  ASSERT_TRUE(spent) << spent.error().detail;
  EXPECT_EQ(spent->state, OperationState::done) << spent->note;
}

TEST(BackupImport, SurvivesADeathInItsDiskCalls) {
  for (std::uint64_t point = 1;; point += 7) {
    WalletWorld fresh(point);
    fresh.keep_backups();
    ASSERT_TRUE(fresh.start());
    ASSERT_TRUE(fresh.run(fresh.wallet().add_mint(fresh.url("mint-a"), {})));
    ASSERT_TRUE(fresh.fund("mint-a", 100));
    const auto open =
        fresh.run(fresh.wallet().mint(Amount(9), {fresh.url("mint-a"), {}}, fresh.stop()));
    ASSERT_TRUE(open);
    fresh.pay_from_outside(fresh.wallet().show(open->id)->quote->invoice);
    const Death death = point % 2 ? Death::killed : Death::power_cut;
    const auto taken = fresh.take_in_newest_backup(point, death);
    // There is a whole database or none.
    if (!taken) ASSERT_TRUE(fresh.take_in_newest_backup()) << point;
    ASSERT_TRUE(fresh.start()) << point;
    ASSERT_TRUE(fresh.run(fresh.wallet().recover(fresh.stop()))) << point;
    ASSERT_TRUE(fresh.run(fresh.wallet().resume({.all = 60s}, fresh.stop()))) << point;
    ASSERT_EQ(fresh.balance("mint-a"), 109u) << point;
    ASSERT_EQ(fresh.imbalance("mint-a"), "") << point;
    if (taken) break;
  }
}

TEST_F(Backups, RecoverySurvivesADeathInItsDiskCalls) {
  begin();
  leave_everything_open();
  for (std::uint64_t point = 1;; point += 41) {
    ASSERT_TRUE(world.take_in_newest_backup()) << point;
    ASSERT_TRUE(world.start()) << point;
    world.mint("mint-a").faults().clear();
    world.kill_at_disk_call(point, point % 2 ? Death::killed : Death::power_cut);
    (void)world.run(world.wallet().recover(world.stop()));
    const bool died = !world.is_armed();
    ASSERT_TRUE(world.start()) << point;
    const auto recovered = world.run(world.wallet().recover(world.stop()));
    ASSERT_TRUE(recovered) << point << recovered.error().detail;
    if (!died) break;
  }
  let_everything_end();
}

TEST_F(Backups, ABackupOpensWithItsOwnWordsAlone) {
  begin();
  const auto path = world.wallet_disk().disk().find("/n1") ? rt::Path("/n1/mine") : rt::Path("/");
  const auto facts = world.wallet().back_up_to(path);
  ASSERT_TRUE(facts) << facts.error().detail;
  EXPECT_EQ(facts->mints, 2u);
  EXPECT_LT(facts->bytes, 100'000u);
  ASSERT_TRUE(world.wallet().back_up_to(path)) << "an older backup gives way";
  const auto bytes = world.wallet_disk().look(path);
  const wallet::WalletKeys others(crypto::Bip39Seed({8}));
  EXPECT_EQ(wallet::open_backup(world.wallet_disk(), others, *bytes).error().code, Code::bad_input);
  const wallet::WalletKeys ours(crypto::Bip39Seed({7}));
  EXPECT_TRUE(wallet::open_backup(world.wallet_disk(), ours, *bytes));
  for (std::size_t at = 0; at < bytes->size(); at += 97) {
    Bytes changed = *bytes;
    changed[at] ^= 4;
    EXPECT_FALSE(wallet::open_backup(world.wallet_disk(), ours, changed)) << at;
  }
  EXPECT_FALSE(wallet::open_backup(world.wallet_disk(), ours, ByteView(*bytes).first(20)));
  world.wallet_disk().place("/n1/other", as_bytes("a letter to somebody"));
  EXPECT_EQ(world.wallet().back_up_to("/n1/other").error().code, Code::denied);
}

}  // namespace
}  // namespace archy::sim
