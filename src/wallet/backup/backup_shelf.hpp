// The backups of a wallet in their folders: one file an hour, replaced by each newer one of that
// hour. Kept: those of the last seven hours, and the last one of each of the last seven days, that
// there are any of.
#pragma once

#include "wallet/backup/backup_image.hpp"

namespace archy::wallet {

// Written beside its place, synced, read back and unsealed, and only then put in its place; what
// was there before stays until then. Errors: io, no_space; corrupt: what is read back is something
// else.
Result<> write_backup(rt::Files& files, const WalletKeys& keys, const rt::Path& path,
                      ByteView bytes);
// Errors: not_found, denied, io, and open_backup()'s.
Result<BackupFacts> read_backup_facts(rt::Files& files, const WalletKeys& keys,
                                      const rt::Path& path);
// A file as a whole. Errors: bad_input: larger than any backup.
Result<Bytes> read_backup_file(rt::Files& files, const rt::Path& path);

// Shape: "wallet-2026-05-17T09.backup", of the hour in UTC.
std::string backup_name(std::int64_t unix_ms);
// Those that are not kept any more, of these names in any order; `newest` always is.
std::vector<std::string> superfluous_backups(std::vector<std::string> names,
                                             std::string_view newest);

struct FoundBackup {
  rt::Path path;
  BackupFacts facts;
};

// Thread: the loop. Lifetime: `files` outlives it.
class BackupShelf {
 public:
  // `folders`: each gets every backup; made when they are missing.
  BackupShelf(rt::Files& files, std::vector<rt::Path> folders)
      : files_(files), folders_(std::move(folders)) {}

  // Into every folder; one that fails holds up none of the others. What it was written to. Errors:
  // of the first folder that failed.
  Result<std::vector<rt::Path>> put(const WalletKeys& keys, ByteView bytes, std::int64_t now_ms);
  // The newest that opens with these words, in any of the folders. None: there is none.
  std::optional<FoundBackup> newest(const WalletKeys& keys);
  // The same, of the file with the last name in each folder alone.
  std::optional<FoundBackup> last_named(const WalletKeys& keys);
  const std::vector<rt::Path>& folders() const { return folders_; }

 private:
  // Newest name first.
  std::vector<rt::Path> files_in(const rt::Path& folder);
  Result<rt::Path> put_into(const rt::Path& folder, const WalletKeys& keys, ByteView bytes,
                            const std::string& name);

  rt::Files& files_;
  const std::vector<rt::Path> folders_;
};

}  // namespace archy::wallet
