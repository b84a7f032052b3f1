// Own files that become the user's: who serves them afterwards, what is copied instead, and what
// each moment of a crash leaves.
#include <sys/stat.h>

#include <fstream>

#include "rt/posix/user_mode.hpp"
#include "store/faulty_files.hpp"
#include "store/file_store.hpp"
#include "store/schema.hpp"
#include "store/store_fixture.hpp"

namespace archy::store {
namespace {

using bao::ChunkRanges;
using bao::HeldBlob;

class Handovers : public testing::Test {
 protected:
  void open() {
    store_.reset();
    auto opened = open_file_store(faulty_, clock_, random_, dir_, {});
    ASSERT_OK(opened);
    store_ = std::move(*opened);
  }
  void SetUp() override {
    open();
    fetch();
  }
  void fetch() {
    auto partial = store_->partial(source_.root);
    ASSERT_OK(partial);
    ASSERT_OK(transfer(source_, **partial, ChunkRanges::all(), true));
    ASSERT_OK((*partial)->finish());
  }
  Result<> hand_over(const rt::Path& to) {
    return store_->export_blob(source_.root, to, ExportMode::hand_over, {}, {});
  }
  BlobInfo info() {
    auto info = store_->info(source_.root);
    EXPECT_TRUE(info.has_value() && info->has_value());
    return info.has_value() && info->has_value() ? **info : BlobInfo{};
  }
  static Bytes content(const rt::Path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return to_bytes(as_bytes(text));
  }
  void expect_held(Location where) {
    EXPECT_TRUE(info().complete);
    EXPECT_EQ(info().location, where);
    auto reader = store_->reader(source_.root);
    ASSERT_OK(reader);
    EXPECT_EQ(*read_all(**reader), source_.bytes);
    auto report = store_->verify({}, {}, {});
    ASSERT_OK(report);
    EXPECT_TRUE(report->damage.empty());
    EXPECT_EQ(report->stray_files, 0u);
  }
  // As a crash after the intent's row leaves it. The stamp is the own file's.
  void leave_intent() {
    auto file = files_.open(own_, rt::Open::read);
    ASSERT_OK(file);
    auto stamp = (*file)->stamp();
    store_.reset();
    auto connection =
        db::Connection::open(files_, Layout(dir_).database(), store_schema(), {.vfs = {}});
    ASSERT_OK(connection);
    Index index(std::move(*connection));
    auto row = index.find(source_.root);
    ASSERT_OK(index.set_handover((**row).id, {path_, *stamp}));
    EXPECT_EQ(index.handovers()->size(), 1u);
  }

  TempFolder folder_;
  rt::PosixFiles files_;
  FaultyFiles faulty_{files_};
  HandClock clock_;
  rt::OsRandom random_;
  const rt::Path dir_ = folder_.path / "node";
  const rt::Path path_ = folder_.path / "film";
  HeldBlob source_{some_bytes(700'000)};
  const rt::Path own_ = Layout(dir_).data(source_.root);
  std::unique_ptr<BlobStore> store_;
};

TEST_F(Handovers, FileIsTheUsersAndIsServedFromThere) {
  struct stat before{};
  struct stat after{};
  ASSERT_EQ(::stat(own_.c_str(), &before), 0);
  ASSERT_OK(hand_over(path_));
  ASSERT_EQ(::stat(path_.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(after.st_mode & 0777, rt::user_file_mode());
  EXPECT_EQ(content(path_), source_.bytes);
  EXPECT_FALSE(std::filesystem::exists(own_));
  EXPECT_EQ(info().external_path, path_);
  expect_held(Location::external);
  open();
  expect_held(Location::external);
}

TEST_F(Handovers, RelativePathsAreKnownFromEverywhere) {
  const rt::Path here = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path);
  EXPECT_OK(hand_over("film"));
  std::filesystem::current_path(here);
  EXPECT_EQ(info().external_path, path_);
  expect_held(Location::external);
}

TEST_F(Handovers, ChangedFilesAreNotServedButCanBeFetchedAnew) {
  ASSERT_OK(hand_over(path_));
  {
    std::ofstream(path_, std::ios::binary | std::ios::app) << "more";
  }
  EXPECT_FALSE(info().complete);
  EXPECT_CODE(Code::not_found, store_->reader(source_.root));
  EXPECT_EQ(store_->verify({}, {}, {})->damage.size(), 1u);
  fetch();
  expect_held(Location::owned);
  EXPECT_EQ(std::filesystem::file_size(path_), source_.bytes.size() + 4);
}

TEST_F(Handovers, RemovalAndGcLeaveTheUsersFile) {
  for (const bool by_gc : {false, true}) {
    ASSERT_OK(hand_over(path_));
    if (by_gc) {
      ASSERT_OK(store_->gc({.dry_run = false, .min_age_ms = 0}));
    } else {
      ASSERT_OK(store_->remove(source_.root, false));
    }
    EXPECT_FALSE(store_->info(source_.root)->has_value());
    EXPECT_EQ(content(path_), source_.bytes);
    EXPECT_FALSE(std::filesystem::exists(Layout(dir_).outboard(source_.root)));
    std::filesystem::remove(path_);
    fetch();
  }
}

TEST_F(Handovers, ASecondPathGetsACopy) {
  ASSERT_OK(hand_over(path_));
  ASSERT_OK(hand_over(folder_.path / "again"));
  EXPECT_EQ(content(folder_.path / "again"), source_.bytes);
  struct stat copied{};
  ASSERT_EQ(::stat((folder_.path / "again").c_str(), &copied), 0);
  EXPECT_EQ(copied.st_mode & 0777, rt::user_file_mode());
  EXPECT_EQ(info().external_path, path_);
  expect_held(Location::external);
}

TEST_F(Handovers, ExistingPathsAndMissingFoldersAreRefusedAsByACopy) {
  {
    std::ofstream(path_) << "mine";
  }
  EXPECT_CODE(Code::denied, hand_over(path_));
  EXPECT_EQ(content(path_), to_bytes(as_bytes("mine")));
  EXPECT_CODE(Code::not_found, hand_over(folder_.path / "none" / "film"));
  std::filesystem::create_symlink(own_, folder_.path / "link");
  EXPECT_CODE(Code::denied, hand_over(folder_.path / "link"));
  expect_held(Location::owned);
}

TEST_F(Handovers, WhatTheUserKeepsStaysTheStoresOwn) {
  Bytes sequence = to_bytes(source_.root.view());
  append(sequence, Blake3Hash{}.view());
  auto parent = store_->add_bytes(sequence);
  ASSERT_OK(parent);
  const HashAndFormat one{source_.root, Format::raw};
  const HashAndFormat all{parent->hash, Format::hash_seq};
  const auto expect_copied = [&](std::string_view held_by) {
    ASSERT_OK(hand_over(path_));
    EXPECT_EQ(content(path_), source_.bytes) << held_by;
    expect_held(Location::owned);
    std::filesystem::remove(path_);
  };
  for (const HashAndFormat& target : {one, all}) {
    ASSERT_OK(store_->set_name("n", target));
    expect_copied("a name");
    ASSERT_OK(store_->remove_name("n"));
    ASSERT_OK(store_->set_pin(target, true));
    expect_copied("a pin");
    ASSERT_OK(store_->set_pin(target, false));
  }
  // An offer is no such hold: what is offered may be served from the user's file.
  ASSERT_OK(store_->set_offer(all, OfferClass::public_));
  ASSERT_OK(hand_over(path_));
  expect_held(Location::external);
}

TEST_F(Handovers, AnotherFileSystemGetsACopy) {
  struct stat here{};
  struct stat there{};
  const rt::Path other = "/dev/shm";
  ASSERT_EQ(::stat(folder_.path.c_str(), &here), 0);
  if (::stat(other.c_str(), &there) != 0 || here.st_dev == there.st_dev) {
    GTEST_SKIP() << "only one file system here";
  }
  const rt::Path to = other / folder_.path.filename();
  EXPECT_OK(hand_over(to));
  EXPECT_EQ(content(to), source_.bytes);
  expect_held(Location::owned);
  std::filesystem::remove(to);
}

TEST_F(Handovers, FaultsLeaveTheBlobWholeAndTheAnswerTrue) {
  int failures = 0;
  for (const bool sticky : {false, true}) {
    for (std::uint64_t nth = 1;; ++nth) {
      faulty_.arm(nth, Code::io, sticky);
      const auto outcome = hand_over(path_);
      const bool fired = faulty_.fired();
      faulty_.disarm();
      failures += outcome.has_value() ? 0 : 1;
      if (outcome.has_value()) EXPECT_EQ(content(path_), source_.bytes) << nth;
      if (!outcome.has_value() && !sticky) EXPECT_FALSE(std::filesystem::exists(path_)) << nth;
      ASSERT_NO_FATAL_FAILURE(open());
      expect_held(info().location);
      EXPECT_EQ(info().location == Location::external,
                std::filesystem::exists(path_) && !std::filesystem::exists(own_))
          << nth;
      ASSERT_OK(store_->remove(source_.root, true));
      std::filesystem::remove(path_);
      fetch();
      if (!fired) break;
    }
  }
  EXPECT_GE(failures, 4);  // both folders' syncs
}

// --- what is found at the next start

TEST_F(Handovers, IntentWithTheFileStillInPlaceIsForgotten) {
  ASSERT_NO_FATAL_FAILURE(leave_intent());
  open();
  expect_held(Location::owned);
  ASSERT_OK(hand_over(folder_.path / "elsewhere"));
  open();
  expect_held(Location::external);
}

TEST_F(Handovers, IntentWithTheFileRenamedIsCompleted) {
  ASSERT_NO_FATAL_FAILURE(leave_intent());
  std::filesystem::rename(own_, path_);
  open();
  expect_held(Location::external);
  EXPECT_EQ(info().external_path, path_);
}

TEST_F(Handovers, IntentCutBetweenLinkAndUnlinkIsCompleted) {
  ASSERT_NO_FATAL_FAILURE(leave_intent());
  std::filesystem::create_hard_link(own_, path_);
  open();
  expect_held(Location::external);
  EXPECT_FALSE(std::filesystem::exists(own_));
}

TEST_F(Handovers, IntentWhoseFileIsGoneGivesTheBlobUp) {
  ASSERT_NO_FATAL_FAILURE(leave_intent());
  std::filesystem::rename(own_, path_);
  {
    std::ofstream(path_, std::ios::binary | std::ios::app) << "more";
  }
  open();
  EXPECT_FALSE(store_->info(source_.root)->has_value());
  EXPECT_EQ(std::filesystem::file_size(path_), source_.bytes.size() + 4);
  fetch();
  expect_held(Location::owned);
}

TEST_F(Handovers, IntentNeverTakesALinkForTheFile) {
  ASSERT_NO_FATAL_FAILURE(leave_intent());
  std::filesystem::create_symlink(own_, path_);
  open();
  expect_held(Location::owned);
  EXPECT_TRUE(std::filesystem::exists(own_));
}

TEST_F(Handovers, IntentWhosePathCannotBeReadWaitsForTheNextStart) {
  ASSERT_NO_FATAL_FAILURE(leave_intent());
  std::filesystem::rename(own_, path_);
  // The first failure that opening survives is a folder that cannot be synced.
  for (std::uint64_t nth = 1; !store_; ++nth) {
    faulty_.arm(nth, Code::io, true);
    auto opened = open_file_store(faulty_, clock_, random_, dir_, {});
    ASSERT_TRUE(faulty_.fired());
    if (opened.has_value()) store_ = std::move(*opened);
  }
  faulty_.disarm();
  EXPECT_CODE(Code::not_found, store_->reader(source_.root));
  open();
  expect_held(Location::external);
}

}  // namespace
}  // namespace archy::store
