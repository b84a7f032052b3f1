#include "wallet/backup/backup_shelf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace archy::wallet {
namespace {

constexpr std::string_view kPrefix = "wallet-";
constexpr std::string_view kSuffix = ".backup";
constexpr std::size_t kDayLength = 10;  // 2026-05-17
constexpr std::size_t kHoursKept = 7;
constexpr std::size_t kDaysKept = 7;
constexpr std::uint64_t kMostBackupBytes = 1u << 30;

bool is_backup_name(std::string_view name) {
  constexpr std::string_view kShape = "wallet-dddd-dd-ddTdd.backup";
  return name.size() == kShape.size() && std::ranges::equal(name, kShape, [](char c, char shape) {
           return shape == 'd' ? c >= '0' && c <= '9' : c == shape;
         });
}

std::string_view day_of(std::string_view name) { return name.substr(kPrefix.size(), kDayLength); }

}  // namespace

Result<Bytes> read_backup_file(rt::Files& files, const rt::Path& path) {
  TRY(file, files.open(path, rt::Open::read));
  TRY(stamp, file->stamp());
  if (stamp.size > kMostBackupBytes)
    return fail(Code::bad_input, path.native() + " is too large for a wallet backup");
  Bytes out(stamp.size);
  TRY(size, file->read_at(0, out));
  out.resize(size);
  return out;
}

Result<BackupFacts> read_backup_facts(rt::Files& files, const WalletKeys& keys,
                                      const rt::Path& path) {
  TRY(bytes, read_backup_file(files, path));
  TRY(opened, open_backup(files, keys, bytes));
  TRY(facts, facts_of(*opened));
  facts.bytes = bytes.size();
  return facts;
}

Result<> write_backup(rt::Files& files, const WalletKeys& keys, const rt::Path& path,
                      ByteView bytes) {
  const rt::Path temp = path.string() + ".new";
  (void)files.remove(temp);
  {
    TRY(file, files.open(temp, rt::Open::create_new));
    TRY_OK(file->write_at(0, bytes));
    TRY_OK(file->sync());
  }
  TRY(back, read_backup_file(files, temp));
  if (!std::ranges::equal(back, bytes))
    return fail(Code::corrupt, temp.native() + " does not read as it was written");
  TRY_OK(unseal_backup(keys, back));
  TRY_OK(files.rename(temp, path));
  return files.sync_directory(path.parent_path());
}

std::string backup_name(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(unix_ms)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const auto hour = duration_cast<hours>(at - day).count();
  return fmt::format("{}{:04}-{:02}-{:02}T{:02}{}", kPrefix, static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), hour,
                     kSuffix);
}

std::vector<std::string> superfluous_backups(std::vector<std::string> names,
                                             std::string_view newest) {
  std::erase_if(names, [](const std::string& name) { return !is_backup_name(name); });
  std::ranges::sort(names, std::greater{});
  std::set<std::string, std::less<>> days;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool last_of_its_day =
        days.size() < kDaysKept && days.insert(std::string(day_of(names[i]))).second;
    if (i < kHoursKept || last_of_its_day || names[i] == newest) continue;
    out.push_back(names[i]);
  }
  return out;
}

Result<rt::Path> BackupShelf::put_into(const rt::Path& folder, const WalletKeys& keys,
                                       ByteView bytes, const std::string& name) {
  TRY_OK(files_.make_directories(folder));
  const rt::Path path = folder / name;
  TRY_OK(write_backup(files_, keys, path, bytes));
  TRY(entries, files_.list(folder));
  std::vector<std::string> names;
  for (rt::DirEntry& entry : entries) names.push_back(std::move(entry.name));
  for (const std::string& old : superfluous_backups(std::move(names), name))
    TRY_OK(files_.remove(folder / old));
  return path;
}

Result<std::vector<rt::Path>> BackupShelf::put(const WalletKeys& keys, ByteView bytes,
                                               std::int64_t now_ms) {
  std::vector<rt::Path> out;
  std::optional<Error> first;
  for (const rt::Path& folder : folders_) {
    auto put = put_into(folder, keys, bytes, backup_name(now_ms));
    if (put) out.push_back(std::move(*put));
    if (!put && !first) first = put.error();
  }
  if (first) return fail(*first);
  return out;
}

std::vector<rt::Path> BackupShelf::files_in(const rt::Path& folder) {
  std::vector<rt::Path> out;
  const auto entries = files_.list(folder);
  if (!entries) return out;
  for (const rt::DirEntry& entry : *entries)
    if (is_backup_name(entry.name)) out.push_back(folder / entry.name);
  std::ranges::sort(out, std::greater{});
  return out;
}

std::optional<FoundBackup> BackupShelf::newest(const WalletKeys& keys) {
  std::optional<FoundBackup> out;
  for (const rt::Path& folder : folders_) {
    for (const rt::Path& path : files_in(folder)) {
      auto facts = read_backup_facts(files_, keys, path);
      if (facts && (!out || facts->is_newer_than(out->facts))) out = FoundBackup{path, *facts};
    }
  }
  return out;
}

std::optional<FoundBackup> BackupShelf::last_named(const WalletKeys& keys) {
  std::optional<FoundBackup> out;
  for (const rt::Path& folder : folders_) {
    const auto paths = files_in(folder);
    if (paths.empty()) continue;
    auto facts = read_backup_facts(files_, keys, paths.front());
    if (facts && (!out || facts->is_newer_than(out->facts)))
      out = FoundBackup{paths.front(), *facts};
  }
  return out;
}

}  // namespace archy::wallet
