#include "rt/posix/posix_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "rt/posix/posix_error.hpp"
#include "rt/posix/posix_file.hpp"

namespace archy::rt {
namespace {

int open_retrying(const Path& path, int flags, mode_t mode = 0) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

Result<std::unique_ptr<PosixFile>> open_regular(const Path& path, int flags, mode_t mode) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end; it means nothing for a regular
  // file.
  const int fd = open_retrying(path, flags | O_NONBLOCK | O_NOCTTY, mode);
  if (fd < 0) return fail_errno("opening", path, errno);
  auto file = std::make_unique<PosixFile>(fd, path);
  struct stat st{};
  if (::fstat(fd, &st) != 0) return fail_errno("looking at", path, errno);
  if (!S_ISREG(st.st_mode)) return fail(Code::bad_input, path.native() + " is not a regular file");
  return file;
}

Result<> copy_contents(PosixFile& from, PosixFile& to, const Path& path) {
  constexpr std::size_t kCopyBytes = 256 << 10;
  std::uint64_t offset = 0;
  bool in_kernel = true;
  Bytes buffer;
  for (;;) {
    if (in_kernel) {
      auto in = static_cast<off64_t>(offset);
      auto out = static_cast<off64_t>(offset);
      const ssize_t n = ::copy_file_range(from.fd(), &in, to.fd(), &out, 64u << 20, 0);
      if (n > 0) {
        offset += static_cast<std::uint64_t>(n);
        continue;
      }
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)) {
        return fail_errno("copying to", path, errno);
      }
      // Not supported between these two, or the end: reading decides which.
      in_kernel = false;
      buffer.resize(kCopyBytes);
    }
    TRY(n, from.read_at(offset, buffer));
    if (n == 0) return {};
    TRY_OK(to.write_at(offset, ByteView(buffer.data(), n)));
    offset += n;
  }
}

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const Path& path, Open mode) {
  int flags = 0;
  switch (mode) {
    case Open::read:
      flags = O_RDONLY;
      break;
    case Open::read_write:
      flags = O_RDWR;
      break;
    case Open::create:
      flags = O_RDWR | O_CREAT | O_NOFOLLOW;
      break;
    case Open::create_new:
      flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
      break;
  }
  TRY(file, open_regular(path, flags, 0600));
  return std::unique_ptr<File>(std::move(file));
}

Result<> PosixFiles::make_directories(const Path& path) {
  if (path.empty() || ::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno == ENOENT) {
    const Path parent = path.parent_path();
    if (parent == path || parent.empty()) return fail_errno("making", path, ENOENT);
    TRY_OK(make_directories(parent));
    if (::mkdir(path.c_str(), 0700) == 0) return {};
  }
  if (errno != EEXIST) return fail_errno("making", path, errno);
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return fail_errno("looking at", path, errno);
  if (!S_ISDIR(st.st_mode)) return fail_errno("making", path, ENOTDIR);
  return {};
}

Result<> PosixFiles::rename(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno("renaming to", to, errno);
  return {};
}

Result<> PosixFiles::rename_new(const Path& from, const Path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return fail_errno("renaming to", to, errno);
  // No such rename on this file system: a hard link refuses an existing target as well.
  if (::link(from.c_str(), to.c_str()) != 0) return fail_errno("renaming to", to, errno);
  return remove(from);
}

Result<> PosixFiles::remove(const Path& path) {
  if (::unlink(path.c_str()) == 0) return {};
  if (errno == EISDIR && ::rmdir(path.c_str()) == 0) return {};
  return fail_errno("removing", path, errno);
}

Result<> PosixFiles::sync_directory(const Path& path) {
  const int fd = open_retrying(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return fail_errno("opening", path, errno);
  const int outcome = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (outcome != 0) return fail_errno("syncing", path, error);
  return {};
}

Result<std::vector<DirEntry>> PosixFiles::list(const Path& path) {
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return fail_errno("listing", path, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> guard(dir, ::closedir);
  std::vector<DirEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir);
    if (entry == nullptr) {
      if (errno != 0) return fail_errno("listing", path, errno);
      return entries;
    }
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat st{};
    // An entry that vanished between the two calls is simply not listed.
    if (::fstatat(::dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    entries.push_back({std::move(name), kind_of(st.st_mode)});
  }
}

Result<FileKind> PosixFiles::kind(const Path& path) {
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) return fail_errno("looking at", path, errno);
  return kind_of(st.st_mode);
}

Result<> PosixFiles::reflink(const Path& from, const Path& to) {
  TRY(source, open_regular(from, O_RDONLY, 0));
  TRY(target, open_regular(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (::ioctl(target->fd(), FICLONE, source->fd()) == 0) return {};
  const int error = errno;
  ::unlink(to.c_str());
  if (error == ENOSPC || error == EDQUOT || error == EIO)
    return fail_errno("cloning to", to, error);
  return fail(Code::unsupported, "this file system shares no extents");
}

Result<> PosixFiles::clone(const Path& from, const Path& to) {
  TRY(source, open_regular(from, O_RDONLY, 0));
  TRY(target, open_regular(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (::ioctl(target->fd(), FICLONE, source->fd()) == 0) return {};
  auto copied = copy_contents(*source, *target, to);
  if (!copied.has_value()) ::unlink(to.c_str());
  return copied;
}

Result<DiskSpace> PosixFiles::disk_space(const Path& path) {
  struct statvfs vfs{};
  if (::statvfs(path.c_str(), &vfs) != 0) return fail_errno("looking at", path, errno);
  return DiskSpace{std::uint64_t{vfs.f_bavail} * vfs.f_frsize,
                   std::uint64_t{vfs.f_blocks} * vfs.f_frsize};
}

Result<std::shared_ptr<void>> PosixFiles::lock(const Path& path) {
  TRY(file, open_regular(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  while (::flock(file->fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return fail(Code::locked, path.native() + " is in use");
    return fail_errno("locking", path, errno);
  }
  return std::shared_ptr<void>(std::move(file));
}

}  // namespace archy::rt
