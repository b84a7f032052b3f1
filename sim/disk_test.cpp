#include "sim/disk.hpp"

#include <gtest/gtest.h>

#include "sim/disk_files.hpp"

namespace archy::sim {
namespace {

struct Bench {
  VirtualTime time;
  EventLog log;
  Counters counters;
  DiskFiles files{time, SeededRandom(1), log, counters, 0};
};

Bytes filled(std::size_t n, std::uint8_t value) { return Bytes(n, value); }

Bytes content(const Disk& disk, std::string_view path) {
  const auto inode = disk.find(path);
  if (!inode) return {};
  Bytes out(disk.size(*inode));
  disk.read(*inode, 0, out);
  return out;
}

// What a power cut leaves of one story, over many seeds.
template <class Story, class Judge>
void over_seeds(int seeds, Story story, Judge judge) {
  for (int seed = 0; seed < seeds; ++seed) {
    Disk disk;
    story(disk);
    SeededRandom random(static_cast<std::uint64_t>(seed));
    Counters counters;
    disk.crash(random, counters);
    judge(disk);
  }
}

TEST(Disk, SyncedBytesUnderASyncedNameAlwaysSurvive) {
  over_seeds(
      500,
      [](Disk& disk) {
        const InodeId file = disk.make_file(Disk::kRoot, "a");
        disk.write(file, 0, filled(5000, 7));
        disk.sync_file(file);
        disk.sync_directory(Disk::kRoot);
        disk.write(file, 5000, filled(100, 8));
      },
      [](const Disk& disk) {
        const Bytes found = content(disk, "/a");
        ASSERT_GE(found.size(), 5000u);
        ASSERT_TRUE(equal(ByteView(found).first(5000), filled(5000, 7)));
      });
}

TEST(Disk, UnsyncedBytesSurviveWhollyPartlyOrNotAtAll) {
  int all = 0, none = 0, part = 0;
  over_seeds(
      500,
      [](Disk& disk) {
        const InodeId file = disk.make_file(Disk::kRoot, "a");
        disk.write(file, 0, filled(4096, 1));
        disk.settle();
        disk.write(file, 0, filled(2048, 2));
        disk.write(file, 2048, filled(2048, 3));
      },
      [&](const Disk& disk) {
        const Bytes found = content(disk, "/a");
        ASSERT_EQ(found.size(), 4096u);
        const auto old = std::count(found.begin(), found.end(), 1);
        if (old == 0) ++all;
        if (old == 4096) ++none;
        if (old > 0 && old < 4096) ++part;
        for (std::size_t at = 0; at < 4096; at += kSectorBytes) {  // a sector is never torn inside
          for (std::size_t i = 1; i < kSectorBytes; ++i) ASSERT_EQ(found[at], found[at + i]);
        }
      });
  EXPECT_GT(all, 20);
  EXPECT_GT(none, 20);
  EXPECT_GT(part, 20);
}

TEST(Disk, OneWriteCanBeTornBetweenSectors) {
  int torn = 0, size_only = 0;
  over_seeds(
      300,
      [](Disk& disk) {
        const InodeId file = disk.make_file(Disk::kRoot, "a");
        disk.settle();
        disk.write(file, 0, filled(4096, 2));
      },
      [&](const Disk& disk) {
        const Bytes found = content(disk, "/a");
        const auto there = std::count(found.begin(), found.end(), 2);
        torn += there > 0 && there < 4096;
        size_only += found.size() == 4096 && there == 0;
      });
  EXPECT_GT(torn, 10);
  EXPECT_GT(size_only, 10);
}

TEST(Disk, ASyncedFileWithAnUnsyncedNameMayBeLost) {
  int lost = 0;
  over_seeds(
      200,
      [](Disk& disk) {
        const InodeId file = disk.make_file(Disk::kRoot, "a");
        disk.write(file, 0, filled(10, 1));
        disk.sync_file(file);
      },
      [&](const Disk& disk) { lost += disk.find("/a") ? 0 : 1; });
  EXPECT_GT(lost, 20);
  EXPECT_LT(lost, 180);
}

TEST(Disk, ARenameIsBeforeOrAfterAndNeverHalf) {
  int before = 0, after = 0;
  over_seeds(
      300,
      [](Disk& disk) {
        const InodeId to = disk.make_directory(Disk::kRoot, "d");
        disk.make_file(Disk::kRoot, "a");
        disk.settle();
        disk.rename(Disk::kRoot, "a", to, "b");
      },
      [&](const Disk& disk) {
        ASSERT_NE(disk.find("/a").has_value(), disk.find("/d/b").has_value());
        ++(disk.find("/a") ? before : after);
      });
  EXPECT_GT(before, 50);
  EXPECT_GT(after, 50);
}

TEST(Disk, ARenameMadeDurableDoesNotBringTheOldNameBack) {
  over_seeds(
      300,
      [](Disk& disk) {
        const InodeId tmp = disk.make_directory(Disk::kRoot, "tmp");
        const InodeId to = disk.make_directory(Disk::kRoot, "d");
        disk.settle();
        disk.make_file(tmp, "a");
        disk.rename(tmp, "a", to, "b");
        disk.sync_directory(to);
      },
      [&](const Disk& disk) {
        ASSERT_FALSE(disk.find("/tmp/a"));
        ASSERT_TRUE(disk.find("/d/b"));
      });
}

TEST(Disk, AFileInADirectoryWhoseOwnNameIsNotSyncedMayBeLost) {
  int lost = 0;
  over_seeds(
      200,
      [](Disk& disk) {
        const InodeId d = disk.make_directory(Disk::kRoot, "d");
        const InodeId file = disk.make_file(d, "a");
        disk.sync_file(file);
        disk.sync_directory(d);
      },
      [&](const Disk& disk) { lost += disk.find("/d/a") ? 0 : 1; });
  EXPECT_GT(lost, 20);
}

TEST(Disk, WhatAFailedSyncForgotReadsWellAndIsNeverSavedUntilWrittenAgain) {
  for (bool again : {false, true}) {
    over_seeds(
        100,
        [again](Disk& disk) {
          const InodeId file = disk.make_file(Disk::kRoot, "a");
          disk.settle();
          disk.write(file, 0, filled(3 * kPageBytes, 1));
          disk.sync_file_failed(file);
          disk.sync_file(file);
          ASSERT_EQ(content(disk, "/a"), filled(3 * kPageBytes, 1));
          if (again) disk.write(file, kPageBytes + 10, filled(1, 1));
          disk.sync_file(file);
        },
        [again](const Disk& disk) {
          Bytes expected;
          if (again) {
            expected = filled(2 * kPageBytes, 0);
            std::fill(expected.begin() + kPageBytes, expected.end(), std::uint8_t{1});
          }
          ASSERT_EQ(content(disk, "/a"), expected);
        });
  }
}

TEST(Disk, ARecordingMakesTheSameDiskAgain) {
  std::vector<DiskOp> ops;
  Disk first;
  first.record(&ops);
  const InodeId d = first.make_directory(Disk::kRoot, "d");
  const InodeId file = first.make_file(d, "a");
  first.write(file, 3, filled(1000, 9));
  first.resize(file, 700);
  first.rename(d, "a", Disk::kRoot, "b");
  first.record(nullptr);
  Disk second;
  for (const DiskOp& op : ops) second.apply(op);
  EXPECT_EQ(second.files().size(), 1u);
  EXPECT_EQ(content(second, "/b"), content(first, "/b"));
  EXPECT_EQ(second.used_bytes(), 700u);
}

TEST(DiskFiles, HandlesFromBeforeAPowerCutAreDead) {
  Bench b;
  b.files.place("/d/a", filled(10, 1));
  auto file = b.files.open("/d/a", rt::Open::read_write);
  ASSERT_TRUE(file);
  auto lock = b.files.lock("/d/lock");
  ASSERT_TRUE(lock);
  b.files.power_cut();
  EXPECT_EQ(b.files.open("/d/a", rt::Open::read).error().code, Code::io);
  b.files.power_on();
  EXPECT_EQ((*file)->write_at(0, filled(1, 2)).error().code, Code::io);
  EXPECT_TRUE(b.files.lock("/d/lock"));
  EXPECT_EQ(*b.files.look("/d/a"), filled(10, 1));
}

TEST(DiskFiles, AFullDiskRefusesAndTakesAgainAfterARemoval) {
  Bench b;
  DiskFaults faults;
  faults.capacity = 1000;
  b.files.set_faults(faults);
  auto file = b.files.open("/a", rt::Open::create);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(0, filled(1000, 1)));
  EXPECT_EQ((*file)->write_at(1000, filled(1, 1)).error().code, Code::no_space);
  EXPECT_TRUE((*file)->write_at(0, filled(1000, 2)));
  ASSERT_TRUE(b.files.remove("/a"));
  auto other = b.files.open("/b", rt::Open::create);
  EXPECT_TRUE((*other)->write_at(0, filled(900, 1)));
}

TEST(DiskFiles, ThePowerCanGoInTheMiddleOfACall) {
  Bench b;
  b.files.place("/a", {});
  auto file = b.files.open("/a", rt::Open::read_write);
  bool told = false;
  b.files.power_cut_at_call(3, [&] { told = true; });
  ASSERT_TRUE((*file)->write_at(0, filled(512, 1)));
  ASSERT_TRUE((*file)->sync());
  EXPECT_FALSE((*file)->write_at(0, filled(512, 2)));
  EXPECT_FALSE(told);
  (void)b.time.run_until([] { return false; }, rt::kNever);
  EXPECT_TRUE(told);
  b.files.power_on();
  EXPECT_EQ(*b.files.look("/a"), filled(512, 1));
}

TEST(DiskFiles, TheNamedCallFailsAndNoOther) {
  Bench b;
  auto file = b.files.open("/a", rt::Open::create);
  b.files.fail_call(DiskCall::sync, 2);
  EXPECT_TRUE((*file)->sync());
  EXPECT_EQ((*file)->sync().error().code, Code::io);
  EXPECT_TRUE((*file)->sync());
}

}  // namespace
}  // namespace archy::sim
