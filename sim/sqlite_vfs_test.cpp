#include "sim/sqlite_vfs.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sim/disk_files.hpp"

namespace archy::sim {
namespace {

struct Bench {
  explicit Bench(std::uint64_t seed) : files(time, SeededRandom(seed), log, counters, 0) {
    files.place("/n0/placed", {});
  }
  VirtualTime time;
  EventLog log;
  Counters counters;
  DiskFiles files;
  SqliteMount mount{"/n0", files, 1};
};

sqlite3* open_database() {
  sqlite3* db = nullptr;
  EXPECT_EQ(
      sqlite3_open_v2("/n0/a.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, kSqliteVfs),
      SQLITE_OK);
  sqlite3_exec(db,
               "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
               nullptr, nullptr, nullptr);
  return db;
}
int run(sqlite3* db, const char* sql) { return sqlite3_exec(db, sql, nullptr, nullptr, nullptr); }
std::int64_t number(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) return -1;
  const std::int64_t out =
      sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return out;
}

// Commits rows, then the power goes with one transaction open and unsynced writes in the cache.
// Returns how many committed rows are there afterwards, -1 when the database is damaged.
std::int64_t rows_after_power_cut(std::uint64_t seed, bool synchronous) {
  Bench b(seed);
  sqlite3* db = open_database();
  if (!synchronous) run(db, "PRAGMA synchronous=OFF");
  run(db, "CREATE TABLE t(x INTEGER, y BLOB)");
  (void)b.files.sync_directory("/n0");
  for (int i = 0; i < 20; ++i) run(db, "INSERT INTO t VALUES(1, randomblob(3000))");
  b.files.power_cut();
  sqlite3_close_v2(db);
  b.files.power_on();
  db = open_database();
  std::int64_t rows = number(db, "SELECT count(*) FROM t");
  if (number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check != 'ok'") != 0)
    rows = -1;
  sqlite3_close_v2(db);
  return rows;
}

TEST(SqliteVfs, CommittedRowsSurviveEveryPowerCut) {
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    ASSERT_EQ(rows_after_power_cut(seed, true), 20) << seed;
}

TEST(SqliteVfs, WithoutSyncsRowsAreLostSoTheDiskReallyForgets) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) lost += rows_after_power_cut(seed, false) != 20;
  EXPECT_GT(lost, 20);
}

TEST(SqliteVfs, AFullDiskIsSqliteFullAndAnErrorIsAnError) {
  Bench b(1);
  sqlite3* db = open_database();
  ASSERT_EQ(run(db, "CREATE TABLE t(x)"), SQLITE_OK);
  DiskFaults faults;
  faults.capacity = b.files.disk().used_bytes() + 8192;
  b.files.set_faults(faults);
  EXPECT_EQ(run(db, "INSERT INTO t VALUES(randomblob(100000))"), SQLITE_FULL);
  b.files.set_faults({});
  EXPECT_EQ(run(db, "INSERT INTO t VALUES(1)"), SQLITE_OK);
  b.files.fail_call(DiskCall::sync, 1);
  EXPECT_EQ(run(db, "INSERT INTO t VALUES(2)"), SQLITE_IOERR);
  sqlite3_close_v2(db);
}

TEST(SqliteVfs, TheSameSeedWritesTheSameBytes) {
  auto log_of = [] {
    Bench b(3);
    sqlite3* db = open_database();
    run(db, "CREATE TABLE t(x)");
    for (int i = 0; i < 50; ++i) run(db, "INSERT INTO t VALUES(randomblob(500))");
    sqlite3_close_v2(db);
    return std::pair(b.log.hash(), *b.files.look("/n0/a.db"));
  };
  const auto first = log_of();
  EXPECT_EQ(first, log_of());
}

}  // namespace
}  // namespace archy::sim
