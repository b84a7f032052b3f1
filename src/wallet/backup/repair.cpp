#include "wallet/backup/repair.hpp"

#include <fmt/format.h>

#include "wallet/backup/backup_import.hpp"
#include "wallet/backup/salvage.hpp"
#include "wallet/ledger/schema.hpp"

namespace archy::wallet {
namespace {

constexpr int kMostSetAside = 1000;

// The damaged files as they are, in a folder of their own.
Result<rt::Path> set_aside(rt::Files& files, const rt::Path& database) {
  for (int i = 1; i <= kMostSetAside; ++i) {
    const rt::Path folder = database.parent_path() / fmt::format("wallet.damaged-{}", i);
    if (files.kind(folder).has_value()) continue;
    TRY_OK(files.make_directories(folder));
    for (const char* end : {"", "-wal"}) {
      const rt::Path from = database.string() + end;
      if (!files.kind(from).has_value()) continue;
      const rt::Path to = folder / from.filename();
      TRY_OK(files.clone(from, to));
      TRY(file, files.open(to, rt::Open::read_write));
      TRY_OK(file->sync());
    }
    TRY_OK(files.sync_directory(folder));
    TRY_OK(files.sync_directory(folder.parent_path()));
    return folder;
  }
  return fail(Code::denied, "too many damaged databases were set aside beside it");
}

// What is read of the damaged one is read of a copy: opening may write.
class Copy {
 public:
  Copy(rt::Files& files, const rt::Path& folder, const rt::Path& database)
      : files_(files), path_(folder / "read") {
    for (const char* end : {"", "-wal"}) {
      const rt::Path from = (folder / database.filename()).string() + end;
      if (files.kind(from).has_value()) (void)files.clone(from, path_.string() + end);
    }
  }
  ~Copy() {
    for (const char* end : {"", "-wal", "-journal"}) (void)files_.remove(path_.string() + end);
  }
  Copy(const Copy&) = delete;
  const rt::Path& path() const { return path_; }

 private:
  rt::Files& files_;
  const rt::Path path_;
};

class Repair {
 public:
  Repair(const rt::Env& env, const crypto::Bip39Seed& seed, const WalletPlace& place,
         const rt::Path& aside)
      : env_(env), seed_(seed), place_(place), aside_(aside) {}

  Result<RepairReport> by(RepairWay way) {
    RepairReport out{way, aside_, {}, 0};
    TRY(image, image_of(way, out));
    TRY_OK(import_backup(env_, seed_, *image, {place_.database, place_.options, true}));
    return out;
  }

 private:
  Result<std::unique_ptr<db::Connection>> image_of(RepairWay way, RepairReport& report) {
    if (way == RepairWay::backup) {
      const WalletKeys keys(seed_);
      report.backup = BackupShelf(env_.files, place_.backups).newest(keys);
      if (!report.backup) return fail(Code::not_found, "there is no backup that opens");
      TRY(bytes, read_backup_file(env_.files, report.backup->path));
      return open_backup(env_.files, keys, bytes);
    }
    const Copy copy(env_.files, aside_, place_.database);
    if (way == RepairWay::rows) {
      auto salvaged = salvage(env_, seed_, copy.path(), place_.options);
      if (!salvaged)
        return fail(Code::not_found, "no rows can be read of it: " + salvaged.error().detail);
      report.left_out = salvaged->left_out;
      return std::move(salvaged->image);
    }
    auto mints = salvage_mints(env_, copy.path(), place_.options);
    if (mints) return std::move(*mints);
    return db::Connection::open_image(env_.files, wallet_schema());
  }

  const rt::Env& env_;
  const crypto::Bip39Seed& seed_;
  const WalletPlace& place_;
  const rt::Path aside_;
};

}  // namespace

std::string_view to_string(RepairWay way) {
  switch (way) {
    case RepairWay::backup:
      return "backup";
    case RepairWay::rows:
      return "rows";
    case RepairWay::words:
      return "words";
  }
  return "unknown";
}

Result<RepairReport> repair(const rt::Env& env, const crypto::Bip39Seed& seed,
                            const WalletPlace& place, std::optional<RepairWay> way) {
  TRY(aside, set_aside(env.files, place.database));
  Repair repair(env, seed, place, aside);
  if (way) return repair.by(*way);
  for (const RepairWay one : {RepairWay::backup, RepairWay::rows}) {
    auto done = repair.by(one);
    if (done || done.error().code != Code::not_found) return done;
  }
  return repair.by(RepairWay::words);
}

}  // namespace archy::wallet
