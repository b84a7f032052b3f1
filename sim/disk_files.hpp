// A node's virtual disk as rt::Files: calls that fail when the scenario says, and a power switch.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "rt/files.hpp"
#include "sim/counters.hpp"
#include "sim/disk.hpp"
#include "sim/event_log.hpp"
#include "sim/random.hpp"
#include "sim/virtual_time.hpp"

namespace archy::sim {

enum class DiskCall : unsigned char { open, read, write, resize, sync, names, kCount };

// What goes wrong with calls. Probabilities in parts per million.
struct DiskFaults {
  std::uint64_t read_error_ppm = 0;
  std::uint64_t write_error_ppm = 0;
  std::uint64_t sync_error_ppm = 0;
  std::uint64_t name_error_ppm = 0;     // make, rename, remove, sync of a directory
  std::uint64_t capacity = 1ull << 40;  // live bytes; beyond: no_space
};

// Thread: the world's. Lifetime: outlives every File it handed out; those handed out before
// power_cut() fail with io.
class DiskFiles final : public rt::Files {
 public:
  DiskFiles(VirtualTime& time, SeededRandom random, EventLog& log, Counters& counters,
            std::uint64_t node);
  ~DiskFiles() override;

  Result<std::unique_ptr<rt::File>> open(const rt::Path& path, rt::Open mode) override;
  Result<> make_directories(const rt::Path& path) override;
  Result<> rename(const rt::Path& from, const rt::Path& to) override;
  Result<> remove(const rt::Path& path) override;
  Result<> sync_directory(const rt::Path& path) override;
  Result<std::vector<rt::DirEntry>> list(const rt::Path& path) override;
  Result<rt::FileKind> kind(const rt::Path& path) override;
  Result<> clone(const rt::Path& from, const rt::Path& to) override;
  Result<rt::DiskSpace> disk_space(const rt::Path& path) override;
  Result<std::shared_ptr<void>> lock(const rt::Path& path) override;

  void set_faults(const DiskFaults& faults) { faults_ = faults; }
  const DiskFaults& faults() const { return faults_; }
  // The n-th call of a kind from now on (1: the next) fails once with io.
  void fail_call(DiskCall kind, std::uint64_t nth);
  // How many calls are left before the one of fail_call(); 0: it has happened.
  std::uint64_t calls_until_failure(DiskCall kind) const {
    return countdown_[static_cast<std::size_t>(kind)];
  }
  // The power goes. Every open handle is dead, the disk holds what survived, every call fails with
  // io until power_on().
  void power_cut();
  void power_on() { powered_ = true; }
  bool is_powered() const { return powered_; }
  // The power goes in the middle of the n-th call from now (1: the next), in whatever the program
  // is doing just then; `on_cut` runs on a later turn of the loop. Forgotten when the power goes
  // earlier.
  void power_cut_at_call(std::uint64_t nth, std::function<void()> on_cut);
  // From now on a cut is the end of the program alone: what it wrote stays, synced or not.
  void set_cache_survives(bool survives) { cache_survives_ = survives; }
  std::uint64_t calls_until_cut() const { return cut_in_calls_; }
  // A disk in this one's place (an image made elsewhere). Every open handle is dead.
  void replace(Disk disk);
  // The calls that follow are the judge's: no faults, not counted, not logged.
  void set_judged(bool judged) { judged_ = judged; }
  void disarm_power_cut() { cut_in_calls_ = 0; }
  // A file that was there before the story began: durable with its name, no fault, no record.
  void place(const rt::Path& path, ByteView bytes);
  // The bytes of a file as they are, without faults; none when it is not there.
  std::optional<Bytes> look(const rt::Path& path) const;
  Disk& disk() { return disk_; }

 private:
  friend class VirtualFile;
  Result<> admit(DiskCall call, std::uint64_t inode, std::uint64_t size);
  Result<> room_for(std::uint64_t more);
  Result<> powered() const;

  VirtualTime& time_;
  SeededRandom random_;
  EventLog& log_;
  Counters& counters_;
  std::uint64_t node_;
  Disk disk_;
  DiskFaults faults_;
  std::array<std::uint64_t, static_cast<std::size_t>(DiskCall::kCount)> countdown_{};
  std::set<std::string> locks_;
  std::shared_ptr<int> power_ = std::make_shared<int>(0);  // a new one after each cut
  bool powered_ = true;
  bool judged_ = false;
  bool cache_survives_ = false;
  std::uint64_t cut_in_calls_ = 0;  // 0: not armed
  std::function<void()> on_cut_;
};

}  // namespace archy::sim
