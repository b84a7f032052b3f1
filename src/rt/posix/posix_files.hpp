// The real disk: pread/pwritev, fdatasync, flock, reflink. Thread: any; a File may be used by
// several threads at once (every call names its offset).
#pragma once

#include "rt/files.hpp"

namespace archy::rt {

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const Path& path, Open mode) override;
  Result<> make_directories(const Path& path) override;
  Result<> rename(const Path& from, const Path& to) override;
  Result<> rename_new(const Path& from, const Path& to) override;
  Result<> remove(const Path& path) override;
  Result<> sync_directory(const Path& path) override;
  Result<std::vector<DirEntry>> list(const Path& path) override;
  Result<FileKind> kind(const Path& path) override;
  Result<> clone(const Path& from, const Path& to) override;
  Result<> reflink(const Path& from, const Path& to) override;
  Result<DiskSpace> disk_space(const Path& path) override;
  Result<std::shared_ptr<void>> lock(const Path& path) override;
};

}  // namespace archy::rt
