#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "rt/posix/posix_files.hpp"

namespace archy::db {
namespace {

constexpr const char* kOne[] = {"CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB) STRICT;\n"};
constexpr const char* kTwo[] = {kOne[0],
                                "CREATE TABLE u (k INTEGER PRIMARY KEY) STRICT;\n"
                                "INSERT INTO u VALUES (7);\n"};
const Schema kSchemaOne{"test.db", 0x61726368, kOne};
const Schema kSchemaTwo{"test.db", 0x61726368, kTwo};

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-db-XXXXXX").native();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    path_ = dir_ / "test.db";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  Result<std::unique_ptr<Connection>> open(const Schema& schema = kSchemaOne,
                                           Options options = {}) {
    return Connection::open(files_, path_, schema, options);
  }
  std::string bytes() {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::int64_t count(Connection& connection) {
    auto query = connection.query("SELECT count(*) FROM t");
    EXPECT_TRUE(query.has_value() && query->step().has_value());
    return query->integer(0);
  }

  rt::PosixFiles files_;
  rt::Path dir_;
  rt::Path path_;
};

TEST_F(ConnectionTest, RowsSurviveReopening) {
  {
    auto connection = open();
    ASSERT_TRUE(connection.has_value()) << to_string(connection.error());
    ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (?, ?)", 5, as_bytes("five")).has_value());
    ASSERT_TRUE((*connection)->close().has_value());
    EXPECT_EQ(std::filesystem::file_size(dir_ / "test.db-wal"), 0u);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "test.db-shm"));
  }
  auto connection = open();
  ASSERT_TRUE(connection.has_value());
  auto query = (*connection)->query("SELECT v FROM t WHERE k = ?", 5);
  ASSERT_TRUE(query.has_value());
  ASSERT_TRUE(*query->step());
  EXPECT_EQ(as_text(query->blob(0)), "five");
  EXPECT_FALSE(*query->step());
}

TEST_F(ConnectionTest, CommittedRowsSurviveAKill) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto connection = open();
    if (!connection.has_value()) ::_exit(1);
    if (!(*connection)->run("INSERT INTO t VALUES (1, NULL)").has_value()) ::_exit(2);
    auto open_one = Transaction::begin(**connection);
    (void)(*connection)->run("INSERT INTO t VALUES (2, NULL)");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto connection = open();
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(count(**connection), 1);
}

// A row of 20 MiB spans the file; a page in the middle is spoilt.
TEST_F(ConnectionTest, ALargeFileIsCheckedUnlessItIsAsItWasClosed) {
  const auto make = [&] {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directory(dir_);
    auto connection = open();
    ASSERT_TRUE(connection.has_value());
    for (int key = 0; key < 20; ++key)
      ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (?, zeroblob(1048576))", key));
    ASSERT_TRUE((*connection)->close());
  };
  const auto spoil = [&](bool keep_time) {
    const auto time = std::filesystem::last_write_time(path_);
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(10 << 20);
    file << std::string(8192, '\xee');
    file.close();
    if (keep_time) std::filesystem::last_write_time(path_, time);
  };
  make();
  EXPECT_TRUE(std::filesystem::exists(dir_ / "test.db.closed"));
  spoil(true);
  EXPECT_TRUE(open().has_value());  // nobody looked: the price of a quick start
  make();
  spoil(false);
  EXPECT_EQ(open().error().code, Code::corrupt);
  make();
  {
    auto held = open();
    ASSERT_TRUE(held.has_value());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "test.db.closed"));
  }
  std::filesystem::remove(dir_ / "test.db.closed");  // as after a kill
  spoil(true);
  EXPECT_EQ(open().error().code, Code::corrupt);
}

TEST_F(ConnectionTest, SecondOpenerIsToldItIsLocked) {
  auto first = open();
  ASSERT_TRUE(first.has_value());
  const pid_t child = ::fork();
  if (child == 0) {
    auto second = open();
    ::_exit(!second.has_value() && second.error().code == Code::locked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(ConnectionTest, NestedTransactionsRollBackAlone) {
  auto connection = open();
  ASSERT_TRUE(connection.has_value());
  {
    auto outer = Transaction::begin(**connection);
    ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (1, NULL)").has_value());
    {
      auto inner = Transaction::begin(**connection);
      ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (2, NULL)").has_value());
    }
    {
      auto inner = Transaction::begin(**connection);
      ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (3, NULL)").has_value());
      ASSERT_TRUE(inner->commit().has_value());
    }
    ASSERT_TRUE(outer->commit().has_value());
  }
  EXPECT_EQ(count(**connection), 2);
  {
    auto dropped = Transaction::begin(**connection);
    ASSERT_TRUE((*connection)->run("DELETE FROM t").has_value());
  }
  EXPECT_EQ(count(**connection), 2);
}

TEST_F(ConnectionTest, MigrationRunsTheMissingSteps) {
  {
    ASSERT_TRUE(open(kSchemaOne).has_value());
  }
  auto connection = open(kSchemaTwo);
  ASSERT_TRUE(connection.has_value()) << to_string(connection.error());
  auto query = (*connection)->query("SELECT k FROM u");
  ASSERT_TRUE(*query->step());
  EXPECT_EQ(query->integer(0), 7);
}

TEST_F(ConnectionTest, NewerSchemaIsRefusedAndUntouched) {
  {
    ASSERT_TRUE(open(kSchemaTwo).has_value());
  }
  const std::string before = bytes();
  auto older = open(kSchemaOne);
  ASSERT_FALSE(older.has_value());
  EXPECT_EQ(older.error().code, Code::unsupported);
  EXPECT_EQ(bytes(), before);
}

TEST_F(ConnectionTest, RubbishIsCorruptAndUntouched) {
  for (const std::string& content : {std::string(8192, 'x'), std::string("short"),
                                     std::string("SQLite format 3\0 but not really", 31)}) {
    {
      std::ofstream(path_, std::ios::binary) << content;
    }
    auto connection = open();
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, Code::corrupt) << to_string(connection.error());
    EXPECT_EQ(to_string(connection.error()).find('\n'), std::string::npos);
    EXPECT_EQ(bytes(), content);
  }
}

TEST_F(ConnectionTest, DamagedPagesAreFoundAtOpening) {
  {
    auto connection = open();
    auto transaction = Transaction::begin(**connection);
    for (int i = 0; i < 2000; ++i) {
      ASSERT_TRUE((*connection)
                      ->run("INSERT INTO t VALUES (?, ?)", i, as_bytes("some value here"))
                      .has_value());
    }
    ASSERT_TRUE(transaction->commit().has_value());
    ASSERT_TRUE((*connection)->close().has_value());
  }
  std::string damaged = bytes();
  ASSERT_GT(damaged.size(), 20000u);
  for (std::size_t i = 8192; i < 16384; ++i) damaged[i] = static_cast<char>(0xa5);
  {
    std::ofstream(path_, std::ios::binary) << damaged;
  }
  auto connection = open();
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Code::corrupt) << to_string(connection.error());
  EXPECT_EQ(bytes(), damaged);
}

TEST_F(ConnectionTest, ForeignDatabaseIsRefused) {
  const Schema other{"test.db", 1234, kOne};
  {
    ASSERT_TRUE(open(other).has_value());
  }
  auto connection = open();
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Code::corrupt);
}

TEST_F(ConnectionTest, SettingsAreInForce) {
  auto connection = open();
  ASSERT_TRUE(connection.has_value());
  for (const auto& [pragma, expected] :
       {std::pair<const char*, const char*>{"PRAGMA journal_mode", "wal"},
        {"PRAGMA synchronous", "2"},
        {"PRAGMA locking_mode", "exclusive"},
        {"PRAGMA foreign_keys", "1"},
        {"PRAGMA cell_size_check", "1"},
        {"PRAGMA trusted_schema", "0"},
        {"PRAGMA secure_delete", "1"},
        {"PRAGMA mmap_size", "0"}}) {
    auto query = (*connection)->query(pragma);
    ASSERT_TRUE(query.has_value() && *query->step()) << pragma;
    EXPECT_EQ(query->text(0), expected) << pragma;
  }
}

TEST_F(ConnectionTest, UnknownVfsIsRefused) {
  EXPECT_FALSE(open(kSchemaOne, {.vfs = "no such vfs", .quick_check = true}).has_value());
}

TEST_F(ConnectionTest, FullDiskIsNoSpaceAndRollsBack) {
  auto connection = open();
  ASSERT_TRUE(connection.has_value());
  ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (1, NULL)").has_value());
  const Bytes big(1 << 20, 7);
  ASSERT_TRUE((*connection)->query("PRAGMA max_page_count = 16").has_value());
  {
    auto limit = (*connection)->query("PRAGMA max_page_count = 16");
    ASSERT_TRUE(*limit->step());
  }
  {
    auto transaction = Transaction::begin(**connection);
    const auto outcome = (*connection)->run("INSERT INTO t VALUES (2, ?)", ByteView(big));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Code::no_space) << to_string(outcome.error());
  }
  EXPECT_EQ(count(**connection), 1);
  EXPECT_TRUE((*connection)->run("INSERT INTO t VALUES (3, NULL)").has_value());
}

TEST_F(ConnectionTest, MissingFolderAndSymlinkAreRefused) {
  EXPECT_FALSE(Connection::open(files_, dir_ / "no" / "x.db", kSchemaOne, {}).has_value());
  std::filesystem::create_symlink(dir_ / "elsewhere", path_);
  EXPECT_FALSE(open().has_value());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "elsewhere"));
}

TEST_F(ConnectionTest, StatementsInUseTwiceAtOnceDoNotDisturbEachOther) {
  auto connection = open();
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (?, NULL)", i).has_value());
  constexpr std::string_view kSql = "SELECT k FROM t WHERE k >= ? ORDER BY k";
  auto outer = (*connection)->query(kSql, 1);
  ASSERT_TRUE(*outer->step());
  {
    auto inner = (*connection)->query(kSql, 3);
    ASSERT_TRUE(*inner->step());
    EXPECT_EQ(inner->integer(0), 3);
  }
  ASSERT_TRUE(*outer->step());
  EXPECT_EQ(outer->integer(0), 2);
}

TEST_F(ConnectionTest, AnImageHasTheRowsAndIsBroughtToTheNewestSchema) {
  auto connection = open();
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (?, ?)", i, as_bytes("value")));
  auto image = Connection::open_image(files_, kSchemaOne);
  ASSERT_TRUE(image) << to_string(image.error());
  const auto copied =
      (*connection)
          ->copy_rows("SELECT * FROM t WHERE k > 1", "t", **image, Connection::Copying::exact);
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->rows, 2u);
  const auto bytes = (*image)->image();
  ASSERT_TRUE(bytes);
  auto newer = Connection::open_image(files_, kSchemaTwo, *bytes);
  ASSERT_TRUE(newer) << to_string(newer.error());
  EXPECT_EQ(count(**newer), 2);
  EXPECT_TRUE((*newer)->run("INSERT INTO u VALUES (8)")) << "a table of the second version";
  EXPECT_EQ(Connection::open_image(files_, kSchemaOne, *(*newer)->image()).error().code,
            Code::unsupported);
  Bytes broken = *bytes;
  std::fill(broken.begin() + 512, broken.end(), 0);
  EXPECT_FALSE(Connection::open_image(files_, kSchemaOne, broken));
}

TEST_F(ConnectionTest, RowsThatATableRefusesAreLeftOutWhereThatIsAskedFor) {
  auto connection = open();
  auto image = Connection::open_image(files_, kSchemaOne);
  ASSERT_TRUE((*image)->run("INSERT INTO t VALUES (2, NULL)"));
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE((*connection)->run("INSERT INTO t VALUES (?, NULL)", i));
  EXPECT_FALSE(
      (*connection)->copy_rows("SELECT * FROM t", "t", **image, Connection::Copying::exact));
  ASSERT_TRUE((*image)->run("DELETE FROM t WHERE k <> 2"));
  const auto copied =
      (*connection)->copy_rows("SELECT * FROM t", "t", **image, Connection::Copying::lenient);
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->rows, 2u);
  EXPECT_EQ(copied->refused, 1u);
}

}  // namespace
}  // namespace archy::db
