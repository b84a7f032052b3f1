// A disk with a write-back cache, as a pure state machine: what programs see now (live), and what
// the platter holds (durable). Between the two lie pending operations; a sync makes them durable, a
// power cut keeps what the seed says. No faults of calls here (disk_files.hpp adds those), no
// clock.
//
// The contract it holds programs to (POSIX at its strictest, no favours of one file system):
//  1. Bytes of a file survive for certain only after sync_file() of that file.
//  2. A name survives (or stays gone) for certain only after sync_directory() of the directory it
//     is in, for the directory's own name too. Syncing a file does not sync its name.
//  3. A rename is atomic: before or after, never half.
//  4. Unsynced writes may survive in any subset, torn at 512 bytes, or as length only (zeros).
//  5. Operations on one name survive in order: a later one never without an earlier one.
//  6. After a failed sync the cache calls its pages clean: they still read as written, no later
//     sync makes them durable, only writing to the page again does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "rt/files.hpp"
#include "sim/counters.hpp"
#include "sim/random.hpp"

namespace archy::sim {

using InodeId = std::uint64_t;
inline constexpr std::size_t kSectorBytes = 512;
inline constexpr std::size_t kPageBytes = 4096;  // of the cache

// One change of a disk, enough to make it again on another disk.
struct DiskOp {
  enum class Kind : unsigned char {
    write,           // inode, number = offset, bytes
    resize,          // inode, number = size
    sync_file,       // inode
    make_file,       // inode = the new one, directory, name
    make_directory,  // the same
    remove,          // inode, directory, name
    rename,          // inode, directory, name, to_directory, to_name
    sync_directory,  // directory
  };
  Kind kind{};
  InodeId inode = 0;
  std::uint64_t number = 0;
  Bytes bytes;
  InodeId directory = 0;
  std::string name;
  InodeId to_directory = 0;
  std::string to_name;
};

class Disk {
 public:
  static constexpr InodeId kRoot = 1;

  Disk();
  Disk(const Disk&) = delete;
  Disk(Disk&&) noexcept;
  Disk& operator=(Disk&&) noexcept;
  ~Disk();

  // What is live.
  std::optional<InodeId> find(std::string_view path) const;
  // The directory a path's last component is in, and that component.
  std::optional<std::pair<InodeId, std::string>> parent(std::string_view path) const;
  bool is_directory(InodeId inode) const;
  std::uint64_t size(InodeId inode) const;
  std::int64_t mtime_ns(InodeId inode) const;
  std::int64_t ctime_ns(InodeId inode) const;  // a rename changes this one too
  // Copies up to out.size() bytes; returns how many.
  std::size_t read(InodeId inode, std::uint64_t offset, MutableBytes out) const;
  std::vector<rt::DirEntry> list(InodeId directory) const;
  std::uint64_t used_bytes() const { return used_; }
  // Every regular file by path.
  std::vector<std::pair<std::string, InodeId>> files() const;

  // Changes. Requires: inodes exist, names are free (make_*) or present (remove, rename's source).
  void write(InodeId inode, std::uint64_t offset, ByteView bytes);
  void resize(InodeId inode, std::uint64_t size);
  void sync_file(InodeId inode);
  void sync_file_failed(InodeId inode);
  InodeId make_file(InodeId directory, std::string_view name);
  InodeId make_directory(InodeId directory, std::string_view name);
  void remove(InodeId directory, std::string_view name);
  void rename(InodeId directory, std::string_view name, InodeId to_directory,
              std::string_view to_name);
  void sync_directory(InodeId directory);
  void apply(const DiskOp& op);
  // Everything live becomes durable (set-up of a scenario).
  void settle();
  // Damage at rest: one bit of a file, live and durable.
  void flip_bit(InodeId inode, std::uint64_t bit);

  // The power goes: live and durable become one image, drawn from `random`. Counts what was lost in
  // `counters`.
  void crash(SeededRandom& random, Counters& counters);

  // Every later change is appended to `log` (none: recording stops). Lifetime: log outlives the
  // recording.
  void record(std::vector<DiskOp>* log) { log_ = log; }

 private:
  struct Inode;
  struct NameOp;
  Inode& at(InodeId inode) const;
  void note(DiskOp op);
  void persist(std::vector<bool> chosen);
  static void overlay(Bytes& content, std::uint64_t offset, ByteView bytes);

  std::map<InodeId, std::unique_ptr<Inode>> inodes_;
  std::vector<NameOp> names_;  // pending, oldest first
  InodeId next_inode_ = kRoot + 1;
  std::int64_t tick_ = 0;
  std::uint64_t used_ = 0;
  std::vector<DiskOp>* log_ = nullptr;
};

}  // namespace archy::sim
