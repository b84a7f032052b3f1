#include "rt/posix/posix_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace archy::rt {
namespace {

class PosixFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-files-XXXXXX").native();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<File> make(std::string_view name, std::string_view content) {
    auto file = files_.open(dir_ / name, Open::create_new);
    EXPECT_TRUE(file.has_value());
    EXPECT_TRUE((*file)->write_at(0, as_bytes(content)).has_value());
    return std::move(*file);
  }
  std::string read_all(std::string_view name) {
    auto file = files_.open(dir_ / name, Open::read);
    if (!file.has_value()) return "<" + to_string(file.error()) + ">";
    Bytes out(1 << 20);
    auto n = (*file)->read_at(0, out);
    return n.has_value() ? std::string(as_text(ByteView(out.data(), *n))) : "<error>";
  }

  PosixFiles files_;
  Path dir_;
};

TEST_F(PosixFilesTest, ReadsStopAtTheEndOfTheFile) {
  auto file = make("a", "hello");
  Bytes out(10);
  EXPECT_EQ(*file->read_at(3, out), 2u);
  EXPECT_EQ(*file->read_at(5, out), 0u);
  EXPECT_EQ(*file->read_at(~std::uint64_t{0}, out), 0u);
}

TEST_F(PosixFilesTest, PiecesAreWrittenBackToBackHoweverMany) {
  auto file = make("a", "");
  Bytes expected;
  std::vector<Bytes> owned;
  for (int i = 0; i < 700; ++i) {
    owned.emplace_back(static_cast<std::size_t>(i % 7), static_cast<std::uint8_t>(i));
    append(expected, owned.back());
  }
  std::vector<ByteView> pieces(owned.begin(), owned.end());
  ASSERT_TRUE(file->write_at(3, pieces).has_value());
  Bytes got(expected.size() + 10);
  EXPECT_EQ(*file->read_at(3, got), expected.size());
  got.resize(expected.size());
  EXPECT_EQ(got, expected);
}

TEST_F(PosixFilesTest, CreatingNewRefusesWhatExists) {
  make("a", "x");
  auto again = files_.open(dir_ / "a", Open::create_new);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Code::denied);
  EXPECT_EQ(read_all("a"), "x");
}

TEST_F(PosixFilesTest, CreatingNeverFollowsASymlink) {
  make("target", "x");
  std::filesystem::create_symlink(dir_ / "target", dir_ / "link");
  auto opened = files_.open(dir_ / "link", Open::create);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Code::bad_input);
  EXPECT_TRUE(files_.open(dir_ / "link", Open::read).has_value());
  EXPECT_EQ(*files_.kind(dir_ / "link"), FileKind::symlink);
}

TEST_F(PosixFilesTest, OnlyRegularFilesAreOpened) {
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  for (const Path& path : {dir_ / "fifo", dir_, Path("/dev/null")}) {
    auto opened = files_.open(path, Open::read);
    ASSERT_FALSE(opened.has_value()) << path;
    EXPECT_EQ(opened.error().code, Code::bad_input) << path;
  }
  EXPECT_EQ(files_.open(dir_ / "none", Open::read).error().code, Code::not_found);
}

TEST_F(PosixFilesTest, FilesAndFoldersAreOurs) {
  make("a", "x");
  ASSERT_TRUE(files_.make_directories(dir_ / "p" / "q").has_value());
  ASSERT_TRUE(files_.make_directories(dir_ / "p" / "q").has_value());
  struct stat st{};
  ASSERT_EQ(::stat((dir_ / "a").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0600u);
  ASSERT_EQ(::stat((dir_ / "p" / "q").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0700u);
  EXPECT_FALSE(files_.make_directories(dir_ / "a" / "b").has_value());
  EXPECT_FALSE(files_.make_directories(dir_ / "a").has_value());
}

TEST_F(PosixFilesTest, WhatIsTheUsersHasTheModeOfAnyProgramsOutput) {
  const mode_t mask = ::umask(027);
  ::umask(mask);
  auto file = make("a", "x");
  ASSERT_TRUE(file->give_user_mode().has_value());
  struct stat st{};
  ASSERT_EQ(::stat((dir_ / "a").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0666u & ~mask);
}

TEST_F(PosixFilesTest, DescriptorsDoNotLeakIntoChildren) {
  auto file = make("a", "x");
  int with_flag = 0;
  for (int fd = 3; fd < 256; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0 &&
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)) == dir_ / "a") {
      EXPECT_TRUE(flags & FD_CLOEXEC);
      ++with_flag;
    }
  }
  EXPECT_EQ(with_flag, 1);
}

TEST_F(PosixFilesTest, RenameReplacesAndRenameNewRefuses) {
  make("a", "new");
  make("b", "old");
  EXPECT_EQ(files_.rename_new(dir_ / "a", dir_ / "b").error().code, Code::denied);
  EXPECT_EQ(read_all("b"), "old");
  ASSERT_TRUE(files_.rename(dir_ / "a", dir_ / "b").has_value());
  EXPECT_EQ(read_all("b"), "new");
  ASSERT_TRUE(files_.rename_new(dir_ / "b", dir_ / "c").has_value());
  EXPECT_EQ(read_all("c"), "new");
  ASSERT_TRUE(files_.sync_directory(dir_).has_value());
}

TEST_F(PosixFilesTest, CloneCopiesAllBytesAndRefusesATarget) {
  std::string content;
  for (int i = 0; i < 100000; ++i) content += static_cast<char>(i * 7);
  make("a", content);
  ASSERT_TRUE(files_.clone(dir_ / "a", dir_ / "b").has_value());
  EXPECT_EQ(read_all("b"), content);
  EXPECT_EQ(files_.clone(dir_ / "a", dir_ / "b").error().code, Code::denied);
  const auto shared = files_.reflink(dir_ / "a", dir_ / "c");
  if (shared.has_value()) {
    EXPECT_EQ(read_all("c"), content);
  } else {
    EXPECT_EQ(shared.error().code, Code::unsupported);
    EXPECT_EQ(files_.kind(dir_ / "c").error().code, Code::not_found);
  }
}

TEST_F(PosixFilesTest, HolesAreSkipped) {
  auto file = make("a", "");
  ASSERT_TRUE(file->write_at(8 << 20, as_bytes("data")).has_value());
  auto first = file->next_data(0);
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_LE(**first, std::uint64_t{8} << 20);
  EXPECT_GT(**first, std::uint64_t{4} << 20);
  EXPECT_EQ(*file->next_data(9 << 20), std::nullopt);
  ASSERT_TRUE(file->resize(64 << 20).has_value());
  EXPECT_EQ(*file->next_data(16 << 20), std::nullopt);
}

TEST_F(PosixFilesTest, StampTellsOneContentFromAnother) {
  auto file = make("a", "x");
  const FileStamp before = *file->stamp();
  EXPECT_EQ(before, *file->stamp());
  ASSERT_TRUE(file->write_at(1, as_bytes("y")).has_value());
  EXPECT_NE(before, *file->stamp());
  EXPECT_EQ(file->stamp()->size, 2u);
}

TEST_F(PosixFilesTest, LockIsHeldByOneUntilItGoes) {
  auto held = files_.lock(dir_ / "lock");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(files_.lock(dir_ / "lock").error().code, Code::locked);
  held->reset();
  EXPECT_TRUE(files_.lock(dir_ / "lock").has_value());
}

TEST_F(PosixFilesTest, ListGivesRawNamesAndKinds) {
  make("a\xff", "x");
  ASSERT_TRUE(files_.make_directories(dir_ / "d").has_value());
  auto entries = files_.list(dir_);
  ASSERT_TRUE(entries.has_value());
  EXPECT_EQ(entries->size(), 2u);
  for (const DirEntry& entry : *entries) {
    EXPECT_EQ(entry.kind, entry.name == "d" ? FileKind::directory : FileKind::regular);
  }
  EXPECT_EQ(files_.list(dir_ / "none").error().code, Code::not_found);
  const auto space = files_.disk_space(dir_);
  ASSERT_TRUE(space.has_value());
  EXPECT_GT(space->free_bytes, 0u);
  EXPECT_GE(space->total_bytes, space->free_bytes);
}

TEST_F(PosixFilesTest, FullDiskIsNoSpace) {
  auto file = make("a", "");
  EXPECT_EQ(file->write_at(~std::uint64_t{0} - 1, as_bytes("x")).error().code, Code::no_space);
  EXPECT_EQ(file->write_at(std::uint64_t{1} << 62, as_bytes("x")).error().code, Code::no_space);
}

}  // namespace
}  // namespace archy::rt
