#include "rt/posix/posix_file.hpp"

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "rt/posix/posix_error.hpp"
#include "rt/posix/user_mode.hpp"

namespace archy::rt {
namespace {

constexpr std::size_t kPiecesAtOnce = 256;  // below IOV_MAX everywhere
constexpr std::uint64_t kOffsetMax =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// True when [offset, offset + length) is a range the system can name.
bool fits(std::uint64_t offset, std::uint64_t length) {
  return offset <= kOffsetMax && length <= kOffsetMax - offset;
}

std::int64_t nanoseconds(const timespec& t) {
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

PosixFile::~PosixFile() { ::close(fd_); }

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (!fits(offset + done, 1)) break;
    const ssize_t n =
        ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("reading", path_, errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<> PosixFile::write_at(std::uint64_t offset, ByteView bytes) {
  if (!fits(offset, bytes.size())) return fail_errno("writing", path_, EFBIG);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("writing", path_, errno);
    if (n == 0) return fail_errno("writing", path_, ENOSPC);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<> PosixFile::write_at(std::uint64_t offset, std::span<const ByteView> pieces) {
  iovec vectors[kPiecesAtOnce];
  std::size_t piece = 0;  // first piece not wholly written
  std::size_t within = 0;
  while (piece < pieces.size()) {
    std::size_t count = 0;
    std::uint64_t length = 0;
    for (std::size_t i = piece; i < pieces.size() && count < kPiecesAtOnce; ++i) {
      const std::size_t skip = i == piece ? within : 0;
      // pwritev does not write to what it is given: iovec only lacks the const.
      vectors[count++] = {const_cast<std::uint8_t*>(pieces[i].data()) + skip,
                          pieces[i].size() - skip};
      length += pieces[i].size() - skip;
    }
    if (length == 0) return {};
    if (!fits(offset, length)) return fail_errno("writing", path_, EFBIG);
    const ssize_t n = ::pwritev(fd_, vectors, static_cast<int>(count), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("writing", path_, errno);
    if (n == 0) return fail_errno("writing", path_, ENOSPC);
    offset += static_cast<std::uint64_t>(n);
    std::size_t left = static_cast<std::size_t>(n);
    while (piece < pieces.size() && left >= pieces[piece].size() - within) {
      left -= pieces[piece].size() - within;
      within = 0;
      ++piece;
    }
    within += left;
  }
  return {};
}

Result<> PosixFile::sync() {
  // No retry, not even on EINTR: after a failed fdatasync the dirty pages may be gone (B9).
  if (::fdatasync(fd_) != 0) return fail_errno("syncing", path_, errno);
  return {};
}

Result<> PosixFile::resize(std::uint64_t size) {
  if (!fits(size, 0)) return fail_errno("resizing", path_, EFBIG);
  while (::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return fail_errno("resizing", path_, errno);
  }
  return {};
}

Result<FileStamp> PosixFile::stamp() {
  struct stat st{};
  if (::fstat(fd_, &st) != 0) return fail_errno("looking at", path_, errno);
  return FileStamp{.device = st.st_dev,
                   .inode = st.st_ino,
                   .size = static_cast<std::uint64_t>(st.st_size),
                   .mtime_ns = nanoseconds(st.st_mtim),
                   .ctime_ns = nanoseconds(st.st_ctim)};
}

Result<> PosixFile::give_user_mode() {
  if (::fchmod(fd_, user_file_mode()) != 0) return fail_errno("setting the mode of", path_, errno);
  return {};
}

Result<std::optional<std::uint64_t>> PosixFile::next_data(std::uint64_t offset) {
  if (!fits(offset, 0)) return std::optional<std::uint64_t>{};
  const off_t at = ::lseek(fd_, static_cast<off_t>(offset), SEEK_DATA);
  if (at >= 0) return std::optional<std::uint64_t>(static_cast<std::uint64_t>(at));
  if (errno == ENXIO) return std::optional<std::uint64_t>{};
  if (errno != EINVAL && errno != EOPNOTSUPP) return fail_errno("seeking in", path_, errno);
  // A file system that knows no holes: everything below the end is data.
  TRY(now, stamp());
  if (offset >= now.size) return std::optional<std::uint64_t>{};
  return std::optional<std::uint64_t>(offset);
}

}  // namespace archy::rt
