#include "wallet/backup/backup_shelf.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace archy::wallet {
namespace {

constexpr std::int64_t kHour = 3'600'000;

// One each hour for so many hours, thinned out each time as a shelf does.
std::vector<std::string> kept_after(std::int64_t hours, std::int64_t from) {
  std::vector<std::string> kept;
  for (std::int64_t hour = 0; hour < hours; ++hour) {
    const std::string name = backup_name(from + hour * kHour);
    kept.push_back(name);
    for (const std::string& old : superfluous_backups(kept, name)) std::erase(kept, old);
  }
  return kept;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

TEST(BackupShelf, NamesFilesByTheHour) {
  EXPECT_EQ(backup_name(0), "wallet-1970-01-01T00.backup");
  EXPECT_EQ(backup_name(1'779'008'400'000), "wallet-2026-05-17T09.backup");
  EXPECT_EQ(backup_name(1'779'008'400'000 - 1), "wallet-2026-05-17T08.backup");
}

TEST(BackupShelf, KeepsSevenHoursAndTheLastOfSevenDays) {
  const std::int64_t midnight = 1'778'976'000'000;
  EXPECT_EQ(kept_after(5, midnight).size(), 5u);
  const auto kept = kept_after(30 * 24 + 12, midnight);  // noon of the 31st day
  EXPECT_EQ(kept.size(), 13u) << "seven of today, and the last of six days before";
  for (std::int64_t back = 0; back < 7; ++back)
    EXPECT_TRUE(has(kept, backup_name(midnight + (731 - back) * kHour))) << back;
  for (std::int64_t day = 1; day < 7; ++day)
    EXPECT_TRUE(has(kept, backup_name(midnight + (31 - day) * 24 * kHour - kHour))) << day;
}

TEST(BackupShelf, NeverThrowsAwayTheOneItHasJustWritten) {
  std::vector<std::string> names;
  for (int hour = 0; hour < 48; ++hour) names.push_back(backup_name(hour * kHour));
  const std::string first = names.front();  // as after a clock that went back
  const auto thrown = superfluous_backups(names, first);
  EXPECT_FALSE(has(thrown, first));
  EXPECT_FALSE(thrown.empty());
}

TEST(BackupShelf, LeavesOtherFilesAlone) {
  std::vector<std::string> names{"wallet-2026-05-17T09.backup.new", "notes", "wallet-.backup",
                                 "wallet-2026-05-17Txx.backup"};
  for (int hour = 0; hour < 8; ++hour) names.push_back(backup_name(hour * kHour));
  EXPECT_EQ(superfluous_backups(names, names.back()),
            std::vector<std::string>{"wallet-1970-01-01T00.backup"});
}

}  // namespace
}  // namespace archy::wallet
