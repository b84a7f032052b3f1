// What only a store on a disk can get wrong: crashes, faults, damage, changed files, repair.
#include "store/file_store.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/test_hooks.hpp"
#include "store/faulty_files.hpp"
#include "store/rebuild.hpp"
#include "store/store_fixture.hpp"

namespace archy::store {
namespace {

using bao::ChunkRanges;
using bao::HeldBlob;

class FileStores : public testing::Test {
 protected:
  Result<std::unique_ptr<BlobStore>> try_open() {
    return open_file_store(faulty_, clock_, random_, dir_, {});
  }
  void open() {
    store_.reset();
    auto opened = try_open();
    ASSERT_OK(opened);
    store_ = std::move(*opened);
  }
  void SetUp() override { open(); }
  rt::Path data_path(const Blake3Hash& hash) { return Layout(dir_).data(hash); }
  rt::Path outboard_path(const Blake3Hash& hash) { return Layout(dir_).outboard(hash); }
  rt::Path put(const std::string& name, ByteView bytes) {
    std::ofstream(folder_.path / name, std::ios::binary) << as_text(bytes);
    return folder_.path / name;
  }
  static void flip(const rt::Path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 1));
  }
  VerifyReport verify(bool repair = false) {
    auto report = store_->verify({.repair = repair, .only = std::nullopt}, {}, {});
    EXPECT_OK(report);
    return report.has_value() ? std::move(*report) : VerifyReport{};
  }
  void expect_clean() {
    for (const Damage& damage : verify().damage)
      ADD_FAILURE() << damage.hash.hex() << ": " << damage.what;
  }
  std::size_t files_in(const rt::Path& path) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
      count += entry.is_regular_file();
    return count;
  }

  TempFolder folder_;
  rt::PosixFiles files_;
  FaultyFiles faulty_{files_};
  HandClock clock_;
  rt::OsRandom random_;
  const rt::Path dir_ = folder_.path / "node";
  std::unique_ptr<BlobStore> store_;
};

TEST_F(FileStores, EverythingSurvivesReopening) {
  const Bytes small = some_bytes(500);
  const Bytes large = some_bytes(2 << 20);
  auto a = store_->add_bytes(small);
  auto b = store_->add_bytes(large);
  ASSERT_OK(store_->set_name("n", {b->hash, Format::raw}));
  ASSERT_OK(store_->set_offer({a->hash, Format::raw}, OfferClass::paid));
  open();
  EXPECT_EQ(store_->list()->size(), 2u);
  EXPECT_EQ(*read_all(**store_->reader(a->hash)), small);
  EXPECT_EQ(*read_all(**store_->reader(b->hash)), large);
  EXPECT_EQ((*store_->info(b->hash))->sha256, crypto::sha256(large));
  EXPECT_EQ(store_->names()->size(), 1u);
  EXPECT_EQ(*store_->offer(a->hash), OfferClass::paid);
}

TEST_F(FileStores, SmallBlobsHaveNoFiles) {
  ASSERT_OK(store_->add_bytes(some_bytes(16384)));
  EXPECT_EQ(files_in(dir_ / "blobs"), 0u);
  ASSERT_OK(store_->add_bytes(some_bytes(16385)));
  EXPECT_EQ(files_in(dir_ / "blobs"), 2u);
  EXPECT_EQ(files_in(dir_ / "tmp"), 0u);
}

TEST_F(FileStores, SecondOpenerIsToldItIsLocked) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto second = try_open();
    ::_exit(!second.has_value() && second.error().code == Code::locked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FileStores, ChangedExternalFilesAreNeverServed) {
  const Bytes bytes = some_bytes(300'000);
  const rt::Path path = put("mine", bytes);
  auto added = store_->add_file(path, AddMode::in_place, {}, {});
  ASSERT_OK(added);
  EXPECT_EQ((*store_->info(added->hash))->location, Location::external);
  EXPECT_EQ((*store_->info(added->hash))->external_path, path);
  EXPECT_FALSE(std::filesystem::exists(data_path(added->hash)));
  {
    std::ofstream(path, std::ios::binary | std::ios::app) << "more";
  }
  EXPECT_FALSE((*store_->info(added->hash))->complete);
  EXPECT_CODE(Code::not_found, store_->reader(added->hash));
  EXPECT_EQ(verify().damage.size(), 1u);
  // It can be had again: by adding it anew, or by fetching it.
  ASSERT_OK(store_->add_bytes(bytes));
  EXPECT_EQ(*read_all(**store_->reader(added->hash)), bytes);
  EXPECT_EQ((*store_->info(added->hash))->location, Location::owned);
  expect_clean();
}

TEST_F(FileStores, ChangedExternalFilesCanBeFetchedAnew) {
  HeldBlob source(some_bytes(300'000));
  const rt::Path path = put("mine", source.bytes);
  ASSERT_OK(store_->add_file(path, AddMode::in_place, {}, {}));
  std::filesystem::remove(path);
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->finish());
  EXPECT_EQ(*read_all(**store_->reader(source.root)), source.bytes);
  expect_clean();
}

TEST_F(FileStores, FilesThatChangeWhileAddedAreRefused) {
  for (const AddMode mode : {AddMode::copy, AddMode::in_place}) {
    const rt::Path path = put("mine", some_bytes(3 << 20));
    const ProgressFn disturb = [&](const Progress& at) {
      if (at.done == at.total) flip(path, 5);
    };
    EXPECT_CODE(Code::bad_input, store_->add_file(path, mode, disturb, {}));
    const ProgressFn shrink = [&](const Progress&) { std::filesystem::resize_file(path, 1000); };
    EXPECT_CODE(Code::bad_input, store_->add_file(path, mode, shrink, {}));
  }
  EXPECT_EQ(store_->list()->size(), 0u);
  EXPECT_EQ(files_in(dir_ / "blobs") + files_in(dir_ / "tmp"), 0u);
}

TEST_F(FileStores, KilledFetchesFetchNothingTwice) {
  HeldBlob source(some_bytes(3 << 20));
  store_.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    auto opened = try_open();
    auto partial = (*opened)->partial(source.root);
    // 1 MiB made durable with its row, another 1 MiB only written.
    if (!transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(1024)))
             .has_value())
      ::_exit(1);
    if (!(*partial)->checkpoint().has_value()) ::_exit(2);
    if (!transfer(source, **partial, ChunkRanges::span(ChunkIndex(2048), ChunkIndex(3072)))
             .has_value())
      ::_exit(3);
    if (!(*partial)->flush().has_value()) ::_exit(4);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  open();
  expect_clean();
  auto info = store_->info(source.root);
  EXPECT_TRUE((*info)->have.covers(0, 1024));
  (void)faulty_.take_written_bytes();
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  // What no row vouches for may be in the cache only: it is written again before it counts (B9).
  EXPECT_EQ(faulty_.take_written_bytes(),
            (1u << 20) + std::filesystem::file_size(outboard_path(source.root)));
  EXPECT_EQ((*partial)->have(), ChunkRanges::span(ChunkIndex(0), ChunkIndex(1024)) |
                                    ChunkRanges::span(ChunkIndex(2048), ChunkIndex(3072)));
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(1024), ChunkIndex(2048))));
  ASSERT_OK((*partial)->finish());
  EXPECT_EQ(*read_all(**store_->reader(source.root)), source.bytes);
  expect_clean();
}

TEST_F(FileStores, ResumeBelievesOnlyWhatHashes) {
  HeldBlob source(some_bytes(1 << 20));
  {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(512))));
  }
  store_.reset();
  // Beyond the row: one group that is right by accident of a crash, others torn.
  std::fstream file(data_path(source.root), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(600 << 10);
  file << std::string(100'000, 'x');
  file.close();
  open();
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  EXPECT_EQ((*partial)->have(), ChunkRanges::span(ChunkIndex(0), ChunkIndex(512)));
}

TEST_F(FileStores, FinishReadsOnlyWhatAnotherWriterVerified) {
  HeldBlob source(some_bytes(1 << 20));
  const std::uint64_t outboard = bao::Tree(source.size()).outboard_bytes();
  const auto half = ChunkRanges::span(ChunkIndex(0), ChunkIndex(512));
  for (const bool resumed : {false, true}) {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, half));
    if (resumed) {
      partial->reset();
      open();
      partial = store_->partial(source.root);
    }
    ASSERT_OK(transfer(source, **partial, ChunkRanges::all() - half));
    (void)faulty_.take_read_bytes();
    ASSERT_OK((*partial)->finish());
    const std::uint64_t read = faulty_.take_read_bytes();
    EXPECT_GE(read, outboard);
    EXPECT_LE(read, (resumed ? (512u << 10) + 3 * (64u << 10) : 0) + outboard);
    EXPECT_GE(read, resumed ? 512u << 10 : 0);
    EXPECT_EQ(*read_all(**store_->reader(source.root)), source.bytes);
    ASSERT_OK(store_->remove(source.root, false));
  }
}

TEST_F(FileStores, FinishFindsBytesThatRottedSinceTheLastWriter) {
  HeldBlob source(some_bytes(1 << 20));
  {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(512))));
  }
  open();
  flip(data_path(source.root), 100'000);
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::from(ChunkIndex(512))));
  EXPECT_CODE(Code::corrupt, (*partial)->finish());
  EXPECT_FALSE((*partial)->is_complete());
  const auto missing = ChunkRanges::span(ChunkIndex(96), ChunkIndex(112));
  EXPECT_EQ((*partial)->have(), ChunkRanges::span(ChunkIndex(0), ChunkIndex(1024)) - missing);
  ASSERT_OK(transfer(source, **partial, missing));
  ASSERT_OK((*partial)->finish());
  EXPECT_EQ(*read_all(**store_->reader(source.root)), source.bytes);
}

TEST_F(FileStores, FinishMendsAnOutboardThatLostPairs) {
  HeldBlob source(some_bytes(1 << 20));
  for (const bool cut : {false, true}) {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
    ASSERT_OK((*partial)->flush());
    if (cut) {
      std::filesystem::resize_file(outboard_path(source.root), 640);
    } else {
      flip(outboard_path(source.root), 1000);
    }
    ASSERT_OK((*partial)->finish());
    expect_clean();
    EXPECT_EQ(*read_all(**store_->reader(source.root)), source.bytes);
    ASSERT_OK(store_->remove(source.root, false));
  }
}

TEST_F(FileStores, FinishFindsAFileThatWasCut) {
  HeldBlob source(some_bytes(1 << 20));
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->flush());
  std::filesystem::resize_file(data_path(source.root), 600 << 10);
  EXPECT_CODE(Code::corrupt, (*partial)->finish());
  EXPECT_FALSE((*partial)->is_complete());
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all() - (*partial)->have()));
  ASSERT_OK((*partial)->finish());
  expect_clean();
}

TEST_F(FileStores, Sha256OfDamagedBytesIsNeverKept) {
  HeldBlob source(some_bytes(1 << 20));
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->finish());
  flip(data_path(source.root), 100'000);
  EXPECT_CODE(Code::corrupt, store_->sha256(source.root, {}, {}));
  EXPECT_EQ((*store_->info(source.root))->sha256, std::nullopt);
  flip(data_path(source.root), 100'000);
  EXPECT_EQ(*store_->sha256(source.root, {}, {}), crypto::sha256(source.bytes));
  open();
  EXPECT_EQ((*store_->info(source.root))->sha256, crypto::sha256(source.bytes));
  (void)faulty_.take_read_bytes();
  ASSERT_OK(store_->sha256(source.root, {}, {}));
  EXPECT_EQ(faulty_.take_read_bytes(), 0u);
}

TEST_F(FileStores, VerifyFindsAndRepairsEveryKindOfDamage) {
  const Bytes rotten = some_bytes(1 << 20, 1);
  const Bytes truncated = some_bytes(1 << 20, 2);
  const Bytes no_outboard = some_bytes(1 << 20, 3);
  const Bytes bad_outboard = some_bytes(1 << 20, 4);
  const Bytes short_outboard = some_bytes(1 << 20, 5);
  const Bytes gone = some_bytes(1 << 20, 6);
  const Bytes sound = some_bytes(1 << 20, 7);
  for (const Bytes* bytes :
       {&rotten, &truncated, &no_outboard, &bad_outboard, &short_outboard, &gone, &sound}) {
    ASSERT_OK(store_->add_bytes(*bytes));
  }
  expect_clean();
  flip(data_path(crypto::blake3(rotten)), 500'000);
  std::filesystem::resize_file(data_path(crypto::blake3(truncated)), 300'000);
  std::filesystem::remove(outboard_path(crypto::blake3(no_outboard)));
  flip(outboard_path(crypto::blake3(bad_outboard)), 100);
  std::filesystem::resize_file(outboard_path(crypto::blake3(short_outboard)), 100);
  std::filesystem::remove(data_path(crypto::blake3(gone)));
  put("node/blobs/foreign", some_bytes(10));

  const VerifyReport seen = verify();
  EXPECT_EQ(seen.damage.size(), 6u);
  EXPECT_EQ(seen.stray_files, 1u);
  EXPECT_TRUE(
      std::ranges::none_of(seen.damage, [](const Damage& damage) { return damage.repaired; }));
  EXPECT_EQ(verify(true).damage.size(), 6u);
  const VerifyReport after = verify();
  EXPECT_EQ(after.damage.size(), 0u);
  EXPECT_EQ(after.stray_files, 0u);

  auto info = store_->info(crypto::blake3(rotten));
  EXPECT_FALSE((*info)->complete);
  EXPECT_EQ((*info)->have, ChunkRanges::span(ChunkIndex(0), ChunkIndex(1024)) -
                               ChunkRanges::span(ChunkIndex(480), ChunkIndex(496)));
  EXPECT_EQ((*store_->info(crypto::blake3(truncated)))->have,
            ChunkRanges::span(ChunkIndex(0), ChunkIndex(288)));
  EXPECT_FALSE(store_->info(crypto::blake3(gone))->has_value());
  for (const Bytes* bytes : {&no_outboard, &bad_outboard, &short_outboard, &sound}) {
    EXPECT_EQ(*read_all(**store_->reader(crypto::blake3(*bytes))), *bytes);
  }
  // The foreign file is set aside, not deleted.
  EXPECT_EQ(files_in(dir_ / "tmp" / "orphans"), 1u);
  HeldBlob source(rotten);
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(480), ChunkIndex(496))));
  ASSERT_OK((*partial)->finish());
  EXPECT_EQ(*read_all(**store_->reader(source.root)), rotten);
}

TEST_F(FileStores, DamagedBytesAreNeverEncodedNorExported) {
  const Bytes bytes = some_bytes(1 << 20);
  auto added = store_->add_bytes(bytes);
  flip(data_path(added->hash), 700'000);
  auto reader = store_->reader(added->hash);
  ASSERT_OK(reader);
  EXPECT_CODE(Code::corrupt, read_all(**reader));
  EXPECT_CODE(Code::corrupt,
              store_->export_blob(added->hash, folder_.path / "out", ExportMode::copy, {}, {}));
  EXPECT_FALSE(std::filesystem::exists(folder_.path / "out"));
  EXPECT_EQ(files_in(folder_.path), files_in(dir_));
}

TEST_F(FileStores, DamagedSequenceRootsStopGc) {
  auto child = store_->add_bytes(some_bytes(20'000));
  Bytes sequence;
  for (int i = 0; i < 1000; ++i) append(sequence, child->hash.view());
  auto root = store_->add_bytes(sequence);
  auto garbage = store_->add_bytes(some_bytes(30'000));
  ASSERT_OK(store_->set_pin({root->hash, Format::hash_seq}, true));
  flip(data_path(root->hash), 10);
  clock_.ms += 2 * 3600'000;
  EXPECT_CODE(Code::corrupt, store_->gc({}));
  EXPECT_TRUE(store_->info(garbage->hash)->has_value());
  EXPECT_TRUE(store_->info(child->hash)->has_value());
}

TEST_F(FileStores, GcClearsWhatCrashesLeave) {
  const Bytes bytes = some_bytes(50'000);
  auto kept = store_->add_bytes(bytes);
  const Blake3Hash lost = crypto::blake3(some_bytes(9));
  std::filesystem::create_directories(data_path(lost).parent_path());
  put("node/blobs/" + lost.hex().substr(0, 2) + "/" + lost.hex() + ".data", some_bytes(9));
  put("node/tmp/old.tmp", some_bytes(9));
  EXPECT_EQ(store_->gc({})->removed_files, 0u);
  ASSERT_OK(store_->set_pin({kept->hash, Format::raw}, true));
  clock_.ms += 2 * 3600'000;
  EXPECT_EQ(store_->gc({})->removed_files, 2u);
  EXPECT_EQ(*read_all(**store_->reader(kept->hash)), bytes);
}

TEST_F(FileStores, LostDatabaseIsRefusedAndRebuilt) {
  const Bytes bytes = some_bytes(2 << 20);
  auto added = store_->add_bytes(bytes);
  HeldBlob source(some_bytes(1 << 20, 5));
  {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(64))));
  }
  store_.reset();
  std::filesystem::remove(dir_ / "db" / "store.db");
  EXPECT_CODE(Code::corrupt, try_open());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "db" / "store.db"));
  {
    std::ofstream(dir_ / "db" / "store.db") << std::string(5000, 'x');
  }
  EXPECT_CODE(Code::corrupt, try_open());
  auto report = rebuild_file_store(faulty_, clock_, random_, dir_, {}, {}, {});
  ASSERT_OK(report);
  EXPECT_EQ(report->blobs, 1u);
  EXPECT_EQ(report->set_aside, 2u);
  open();
  EXPECT_EQ(*read_all(**store_->reader(added->hash)), bytes);
  EXPECT_EQ((*store_->info(added->hash))->sha256, crypto::sha256(bytes));
  expect_clean();
}

// Each changing call of an operation fails once, and then everything after it too.
TEST_F(FileStores, FaultsAtAnyPointLeaveACleanStore) {
  const Bytes bytes = some_bytes(600'000);
  const rt::Path path = put("mine", bytes);
  HeldBlob source(some_bytes(700'000, 3));
  const std::function<Result<>()> operations[] = {
      [&]() -> Result<> {
        TRY(added, store_->add_file(path, AddMode::copy, {}, {}));
        return added.hash == crypto::blake3(bytes) ? Result<>()
                                                   : fail(Code::internal, "wrong hash");
      },
      [&]() -> Result<> {
        TRY_OK(store_->add_file(path, AddMode::in_place, {}, {}));
        return {};
      },
      [&]() -> Result<> {
        TRY(partial, store_->partial(source.root));
        TRY_OK(transfer(source, *partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(320))));
        TRY_OK(partial->checkpoint());
        TRY_OK(transfer(source, *partial, ChunkRanges::all(), true));
        TRY_OK(partial->finish());
        return {};
      },
      [&]() -> Result<> {
        TRY(added, store_->add_bytes(bytes));
        TRY_OK(store_->export_blob(added.hash, folder_.path / "out", ExportMode::copy, {}, {}));
        std::filesystem::remove(folder_.path / "out");
        return {};
      },
  };
  int failures = 0;
  for (const auto& operation : operations) {
    for (const Code code : {Code::io, Code::no_space}) {
      for (const bool sticky : {false, true}) {
        for (std::uint64_t nth = 1;; ++nth) {
          faulty_.arm(nth, code, sticky);
          const auto outcome = operation();
          const bool fired = faulty_.fired();
          faulty_.disarm();
          if (fired) EXPECT_CODE(code, outcome);
          if (fired) ++failures;
          ASSERT_NO_FATAL_FAILURE(open());
          expect_clean();
          EXPECT_FALSE(std::filesystem::exists(folder_.path / "out"));
          // Afterwards it works, whatever the failure left.
          if (fired && nth % 4 == 1) EXPECT_OK(operation());
          for (const BlobInfo& info : *store_->list()) {
            if (!info.complete) continue;
            EXPECT_OK(read_all(**store_->reader(info.hash)));
            ASSERT_OK(store_->remove(info.hash, true));
          }
          for (const BlobInfo& info : *store_->list()) ASSERT_OK(store_->remove(info.hash, true));
          if (!fired) break;
        }
      }
    }
  }
  EXPECT_GT(failures, 100);
}

TEST_F(FileStores, FailedSyncIsFinalUntilTheNextStart) {
  HeldBlob source(some_bytes(700'000));
  {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
    ASSERT_OK((*partial)->flush());
    auto reader = (*partial)->reader();
    ASSERT_OK((*reader)->data(0, 16384));
    faulty_.arm(1, Code::io, false);
    EXPECT_CODE(Code::io, (*partial)->checkpoint());
    faulty_.disarm();
    EXPECT_CODE(Code::io, (*partial)->checkpoint());
    EXPECT_CODE(Code::io, (*reader)->data(0, 16384));
  }
  EXPECT_CODE(Code::io, store_->partial(source.root));
  EXPECT_CODE(Code::io, store_->reader(source.root));
  open();
  EXPECT_TRUE((*store_->info(source.root))->have.is_empty());
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  // The page cache would still hash; the disk never took it. So nothing of it is believed (B9).
  EXPECT_FALSE((*partial)->is_complete());
  EXPECT_TRUE((*partial)->have().is_empty());
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->finish());
}

#ifdef ARCHY_TEST_HOOKS
TEST_F(FileStores, PlantedResumeBugIsCaughtByFinish) {
  HeldBlob source(some_bytes(1 << 20));
  {
    auto partial = store_->partial(source.root);
    ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(512))));
  }
  test_hooks::plant("resume_off_by_one_group");
  auto partial = store_->partial(source.root);
  test_hooks::plant("");
  EXPECT_TRUE((*partial)->have().covers(512, 528));
  ASSERT_OK(transfer(source, **partial, ChunkRanges::from(ChunkIndex(528))));
  EXPECT_CODE(Code::corrupt, (*partial)->finish());
}
#endif

}  // namespace
}  // namespace archy::store
