// The disk as the store sees it. Calls block: they run on the loop for page-sized work and on the
// pool for scans.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::rt {

using Path = std::filesystem::path;

// What identifies the content of a file that somebody else may change.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  auto operator<=>(const FileStamp&) const = default;
};

enum class FileKind : unsigned char { regular, directory, symlink, other };

struct DirEntry {
  std::string name;  // raw bytes as the system has them
  FileKind kind = FileKind::other;
};

// Errors of every call: io, no_space (ENOSPC, EDQUOT, EFBIG), not_found, denied (EACCES, EROFS,
// EPERM).
class File {
 public:
  virtual ~File() = default;
  // Reads until `out` is full or the file ends; returns the bytes read.
  virtual Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) = 0;
  virtual Result<> write_at(std::uint64_t offset, ByteView bytes) = 0;
  // One write of several pieces back to back.
  virtual Result<> write_at(std::uint64_t offset, std::span<const ByteView> pieces) = 0;
  // Data durable. After an error the file's state is unknown: never retried, the file is
  // re-verified (B9).
  virtual Result<> sync() = 0;
  virtual Result<> resize(std::uint64_t size) = 0;
  virtual Result<FileStamp> stamp() = 0;
  // Files are made for us alone (0600); this gives one the mode of any program's output: 0666 less
  // the umask.
  virtual Result<> give_user_mode() = 0;
  // First data at or after `offset`, none when only a hole follows. (SEEK_DATA; a system without
  // holes says offset.)
  virtual Result<std::optional<std::uint64_t>> next_data(std::uint64_t offset) = 0;
};

enum class Open : unsigned char {
  read,        // must exist
  read_write,  // must exist
  create,      // read-write, made if missing
  create_new,  // read-write, must not exist
};

struct DiskSpace {
  std::uint64_t free_bytes = 0;  // available to us
  std::uint64_t total_bytes = 0;
};

class Files {
 public:
  virtual ~Files() = default;
  // Never follows a symlink in the last component when creating. Errors: bad_input for anything but
  // a regular file.
  virtual Result<std::unique_ptr<File>> open(const Path& path, Open mode) = 0;
  // 0700, parents made too. Fine if it is there.
  virtual Result<> make_directories(const Path& path) = 0;
  // Replaces `to` atomically.
  virtual Result<> rename(const Path& from, const Path& to) = 0;
  // The same, but refuses (denied) when `to` exists. The default looks first, so somebody may slip
  // in between.
  virtual Result<> rename_new(const Path& from, const Path& to) {
    if (auto there = kind(to); there.has_value()) {
      return fail(Code::denied, to.native() + " exists already");
    } else if (there.error().code != Code::not_found) {
      return fail(there.error());
    }
    return rename(from, to);
  }
  // A file or an empty directory.
  virtual Result<> remove(const Path& path) = 0;
  // Directory entries durable (names made, renamed, removed in it).
  virtual Result<> sync_directory(const Path& path) = 0;
  virtual Result<std::vector<DirEntry>> list(const Path& path) = 0;
  // Does not follow a final symlink.
  virtual Result<FileKind> kind(const Path& path) = 0;
  // Shares extents where the file system can (reflink), else copies. `to` must not exist.
  virtual Result<> clone(const Path& from, const Path& to) = 0;
  // Shares extents or does nothing. Errors: unsupported where the file system cannot; `to` must not
  // exist.
  virtual Result<> reflink(const Path&, const Path&) {
    return fail(Code::unsupported, "this file system shares no extents");
  }
  virtual Result<DiskSpace> disk_space(const Path& path) = 0;
  // Held until the returned object goes. Errors: locked.
  virtual Result<std::shared_ptr<void>> lock(const Path& path) = 0;
};

}  // namespace archy::rt
