// One open regular file. Owns its descriptor. Thread: any (no shared file position).
#pragma once

#include "rt/files.hpp"

namespace archy::rt {

class PosixFile final : public File {
 public:
  // Takes the descriptor over; `path` is for messages only.
  PosixFile(int fd, Path path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override;
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override;
  Result<> write_at(std::uint64_t offset, ByteView bytes) override;
  Result<> write_at(std::uint64_t offset, std::span<const ByteView> pieces) override;
  Result<> sync() override;
  Result<> resize(std::uint64_t size) override;
  Result<FileStamp> stamp() override;
  Result<> give_user_mode() override;
  Result<std::optional<std::uint64_t>> next_data(std::uint64_t offset) override;

  int fd() const { return fd_; }

 private:
  int fd_;
  Path path_;
};

}  // namespace archy::rt
