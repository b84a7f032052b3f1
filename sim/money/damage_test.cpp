// Databases as a failing disk leaves them: noticed, set aside, made anew, and every sat is there.
#include "sim/money/operations_fixture.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using wallet::RepairWay;
using namespace std::chrono_literals;

using DataDir = std::map<std::string, Bytes>;

struct Damage : testing::Test {
  WalletWorld world{9};
  const wallet::Patience patience{.all = 600s, .answer = 5s};
  const wallet::Patience hasty{.all = 1s, .answer = 5s};
  DataDir sound;    // the data directory after a kill, its log not moved into the database
  rt::Path newest;  // and the backup of then
  Bytes backup;
  unsigned noticed = 0;

  void SetUp() override {
    world.keep_backups();
    ASSERT_TRUE(world.start());
    ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
    ASSERT_TRUE(world.wallet().set_home(world.url("mint-a")));
    ASSERT_TRUE(world.fund("mint-a", 1000));
    ASSERT_TRUE(world.start());  // all of that is in the database, and no longer in its log
    const auto handed = send(37);
    const auto to_take_back = send(11);
    ASSERT_TRUE(handed && to_take_back);
    ASSERT_TRUE(world.mint("mint-a").faults().add(
        R"([{"fault":"drop_after","route":"POST /v1/melt/bolt11","times":0},
            {"fault":"drop_before","route":"GET /v1/melt/*","times":0}])"));
    ASSERT_TRUE(
        world.run(world.wallet().melt({world.outside_invoice(30), {}}, {}, hasty, world.stop())));
    ASSERT_TRUE(world.mint("mint-a").faults().add(
        R"([{"fault":"drop_after","route":"POST /v1/swap","times":0},
            {"fault":"drop_before","route":"POST /v1/restore","times":0},
            {"fault":"drop_before","route":"POST /v1/checkstate","times":0}])"));
    ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-a"), world.stop())));
    ASSERT_TRUE(world.run(world.wallet().take_back(to_take_back->id, hasty, world.stop())));
    ASSERT_EQ(world.wallet().open_operations()->size(), 2u);
    const auto found = world.backups().newest(wallet::WalletKeys(crypto::Bip39Seed({7})));
    ASSERT_TRUE(found);
    newest = found->path;
    backup = *world.wallet_disk().look(newest);
    world.kill(Death::killed);
    sound = world.copy_data_dir();
    ASSERT_TRUE(sound.contains("wallet.db-wal"));
    world.mint("mint-a").faults().clear();
  }
  Result<wallet::Operation> send(std::uint64_t sat) {
    return world.run(world.wallet().send({.amount = Amount(sat)}, {}, {}, patience, world.stop()));
  }

  // As it was, but for the damage.
  void lay_out(const DataDir& files) {
    world.put_data_dir(files);
    for (const auto& [path, inode] : world.wallet_disk().disk().files())
      if (rt::Path(path).parent_path() == newest.parent_path())
        ASSERT_TRUE(world.wallet_disk().remove(path));
    world.wallet_disk().place(newest, backup);
  }

  // Noticed or not: in the end every sat is there.
  void expect_nothing_lost(const DataDir& files, std::optional<RepairWay> way,
                           const std::string& what) {
    SCOPED_TRACE(what);
    lay_out(files);
    auto opened = world.start();
    if (opened) opened = world.wallet().check();
    if (!opened) {
      ASSERT_EQ(opened.error().code, Code::corrupt) << opened.error().detail;
      EXPECT_NE(opened.error().detail.find("wallet.db"), std::string::npos)
          << opened.error().detail;
      ++noticed;
      const auto before = world.copy_data_dir();
      auto repaired = world.repair(way);
      if (!repaired && way == RepairWay::rows) {
        EXPECT_EQ(repaired.error().code, Code::not_found) << repaired.error().detail;
        repaired = world.repair(std::nullopt);  // nothing of it can be read
      }
      ASSERT_TRUE(repaired) << repaired.error().detail;
      for (const char* name : {"wallet.db", "wallet.db-wal"}) {
        if (!before.contains(name)) continue;
        const auto aside = world.wallet_disk().look(repaired->set_aside / name);
        ASSERT_TRUE(aside);
        EXPECT_EQ(*aside, before.at(name)) << "set aside as it was";
      }
      ASSERT_TRUE(world.start());
    }
    // After the words alone the mint may have to be named again.
    const auto mints = world.wallet().accepted_mints();
    ASSERT_TRUE(mints);
    if (mints->empty()) {
      ASSERT_TRUE(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
      ASSERT_TRUE(world.run(world.wallet().restore(world.url("mint-a"), world.stop())));
    }
    ASSERT_TRUE(world.run(world.wallet().recover(world.stop())));
    ASSERT_TRUE(world.run(world.wallet().resume(hasty, world.stop())));
    ASSERT_TRUE(world.run(world.wallet().recover(world.stop())));
    const auto looked = world.run(world.wallet().look_after_handed(world.stop()));
    ASSERT_TRUE(looked) << looked.error().detail;
    const auto checked = world.wallet().check();
    EXPECT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(world.imbalance("mint-a"), "");
  }
};

constexpr std::optional<RepairWay> kWays[] = {std::nullopt, RepairWay::backup, RepairWay::rows,
                                              RepairWay::words};

TEST_F(Damage, SoundFilesAreNotCalledDamaged) {
  expect_nothing_lost(sound, std::nullopt, "nothing is wrong");
  EXPECT_EQ(noticed, 0u);
}

TEST_F(Damage, FlippedBitsLoseNothing) {
  unsigned flips = 0;
  for (const char* name : {"wallet.db", "wallet.db-wal"}) {
    const std::size_t step = sound[name].size() / 30 + 1;
    for (std::size_t at = 7; at < sound[name].size(); at += step, ++flips) {
      DataDir files = sound;
      files[name][at] ^= static_cast<std::uint8_t>(1u << (at % 8));
      expect_nothing_lost(files, kWays[flips % 4], std::string(name) + " at " + std::to_string(at));
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(noticed, 0u);
}

// SQLite reads it without a complaint, and the rule is another one.
TEST_F(Damage, AFlippedRuleIsNoticed) {
  DataDir files = sound;
  files.erase("wallet.db-wal");
  Bytes& bytes = files["wallet.db"];
  const std::string_view rule = "a counter only grows";
  const auto at =
      std::ranges::search(bytes, rule, {}, {}, [](char c) { return static_cast<std::uint8_t>(c); });
  ASSERT_FALSE(at.empty());
  at.front() ^= 1;
  expect_nothing_lost(files, std::nullopt, "a rule");
  EXPECT_EQ(noticed, 1u);
}

TEST_F(Damage, ZeroedPagesLoseNothing) {
  constexpr std::size_t kPage = 4096;
  for (std::size_t page = 0; page * kPage < sound["wallet.db"].size(); page += 2) {
    DataDir files = sound;
    Bytes& bytes = files["wallet.db"];
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(page * kPage),
                std::min(kPage, bytes.size() - page * kPage), 0);
    files.erase("wallet.db-wal");  // which may have the page
    expect_nothing_lost(files, kWays[page / 2 % 4], "page " + std::to_string(page));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(noticed, 5u);
}

TEST_F(Damage, TruncationLosesNothing) {
  const std::size_t whole = sound["wallet.db"].size();
  unsigned tried = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100},
                                 std::size_t{4096}, whole / 3, whole / 2, whole - 4096}) {
    DataDir files = sound;
    files["wallet.db"].resize(size);
    files.erase("wallet.db-wal");
    expect_nothing_lost(files, kWays[tried++ % 4], "to " + std::to_string(size));
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(noticed, tried);
}

TEST_F(Damage, AMissingDatabaseIsNotMadeAnewInSilence) {
  DataDir files = sound;
  files.erase("wallet.db");
  files.erase("wallet.db-wal");
  expect_nothing_lost(files, std::nullopt, "no database");
  EXPECT_EQ(noticed, 1u);
}

TEST_F(Damage, AMissingLogIsAnOlderCopy) {
  DataDir files = sound;
  files.erase("wallet.db-wal");
  lay_out(files);
  const auto opened = world.start();
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_TRUE(world.wallet().is_old_copy());
  const auto refused = send(5);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::denied);
  expect_nothing_lost(files, std::nullopt, "no log");
}

TEST_F(Damage, ADamagedBackupGivesWayToAnOlderOne) {
  DataDir files = sound;
  files["wallet.db"].resize(10'000);
  files.erase("wallet.db-wal");
  lay_out(files);
  Bytes broken = backup;
  broken[broken.size() / 2] ^= 1;
  const rt::Path later = newest.parent_path() / "wallet-2099-01-01T00.backup";
  world.wallet_disk().place(later, broken);
  ASSERT_FALSE(world.start());
  const auto repaired = world.repair(std::nullopt);
  ASSERT_TRUE(repaired) << repaired.error().detail;
  ASSERT_TRUE(repaired->backup);
  EXPECT_EQ(repaired->backup->path, newest);
}

}  // namespace
}  // namespace archy::sim
