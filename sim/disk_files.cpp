#include "sim/disk_files.hpp"

#include "base/check.hpp"

namespace archy::sim {

class VirtualFile final : public rt::File {
 public:
  VirtualFile(DiskFiles& owner, InodeId inode, bool writable)
      : owner_(owner), power_(owner.power_), inode_(inode), writable_(writable) {}

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
    TRY_OK(alive());
    TRY_OK(owner_.admit(DiskCall::read, inode_, out.size()));
    return owner_.disk_.read(inode_, offset, out);
  }

  Result<> write_at(std::uint64_t offset, ByteView bytes) override {
    return write_at(offset, std::span<const ByteView>(&bytes, 1));
  }

  Result<> write_at(std::uint64_t offset, std::span<const ByteView> pieces) override {
    TRY_OK(alive());
    if (!writable_) return fail(Code::io, "opened for reading");
    Bytes joined;
    for (ByteView piece : pieces) append(joined, piece);
    const std::uint64_t size = owner_.disk_.size(inode_);
    const std::uint64_t end = offset + joined.size();
    TRY_OK(owner_.room_for(end > size ? end - size : 0));
    if (auto admitted = owner_.admit(DiskCall::write, inode_, joined.size()); !admitted) {
      if (power_.expired()) return admitted;
      // A failed write may have written a part.
      const std::size_t part = owner_.random_.below(joined.size() + 1);
      owner_.disk_.write(inode_, offset, ByteView(joined).first(part));
      return admitted;
    }
    owner_.disk_.write(inode_, offset, joined);
    return {};
  }

  Result<> sync() override {
    TRY_OK(alive());
    if (auto admitted = owner_.admit(DiskCall::sync, inode_, 0); !admitted) {
      if (!power_.expired()) owner_.disk_.sync_file_failed(inode_);
      return admitted;
    }
    owner_.disk_.sync_file(inode_);
    return {};
  }

  Result<> resize(std::uint64_t size) override {
    TRY_OK(alive());
    if (!writable_) return fail(Code::io, "opened for reading");
    const std::uint64_t now = owner_.disk_.size(inode_);
    TRY_OK(owner_.room_for(size > now ? size - now : 0));
    TRY_OK(owner_.admit(DiskCall::resize, inode_, size));
    owner_.disk_.resize(inode_, size);
    return {};
  }

  Result<rt::FileStamp> stamp() override {
    TRY_OK(alive());
    return rt::FileStamp{1, inode_, owner_.disk_.size(inode_), owner_.disk_.mtime_ns(inode_),
                         owner_.disk_.ctime_ns(inode_)};
  }

  // There is one user and nobody looks at modes; the call can fail like any other.
  Result<> give_user_mode() override {
    TRY_OK(alive());
    return owner_.admit(DiskCall::write, inode_, 0);
  }

  Result<std::optional<std::uint64_t>> next_data(std::uint64_t offset) override {
    TRY_OK(alive());
    if (offset >= owner_.disk_.size(inode_)) return std::optional<std::uint64_t>{};
    return std::optional<std::uint64_t>{offset};
  }

 private:
  Result<> alive() const {
    if (power_.expired()) return fail(Code::io, "the power went");
    return {};
  }

  DiskFiles& owner_;
  std::weak_ptr<int> power_;
  InodeId inode_;
  bool writable_;
};

DiskFiles::DiskFiles(VirtualTime& time, SeededRandom random, EventLog& log, Counters& counters,
                     std::uint64_t node)
    : time_(time), random_(random), log_(log), counters_(counters), node_(node) {}
DiskFiles::~DiskFiles() = default;

Result<> DiskFiles::admit(DiskCall call, std::uint64_t inode, std::uint64_t size) {
  static constexpr std::string_view kNames[] = {"disk.open",   "disk.read", "disk.write",
                                                "disk.resize", "disk.sync", "disk.names"};
  TRY_OK(powered());
  if (judged_) return {};
  const bool cut_is_due = cut_in_calls_ == 1;
  if (cut_in_calls_ > 0) --cut_in_calls_;
  if (cut_is_due) {
    auto on_cut = std::exchange(on_cut_, nullptr);
    power_cut();
    time_.at(time_.now(), std::move(on_cut));
    return powered();
  }
  std::uint64_t ppm = 0;
  Fault fault = Fault::disk_write_error;
  switch (call) {
    case DiskCall::open:
    case DiskCall::read:
      ppm = faults_.read_error_ppm;
      fault = Fault::disk_read_error;
      break;
    case DiskCall::sync:
      ppm = faults_.sync_error_ppm;
      fault = Fault::disk_sync_error;
      break;
    case DiskCall::names:
      ppm = faults_.name_error_ppm;
      break;
    default:
      ppm = faults_.write_error_ppm;
  }
  auto& countdown = countdown_[static_cast<std::size_t>(call)];
  const bool is_due = countdown == 1;
  if (countdown > 0) --countdown;
  const bool fails = random_.chance(ppm) || is_due;
  log_.add(time_.now(), kNames[static_cast<std::size_t>(call)],
           {node_, inode, size, fails ? 1u : 0u});
  if (!fails) return {};
  counters_.hit(fault);
  return fail(Code::io, "input/output error (simulated)");
}

Result<> DiskFiles::powered() const {
  if (!powered_) return fail(Code::io, "the power is off");
  return {};
}

Result<> DiskFiles::room_for(std::uint64_t more) {
  if (more == 0 || disk_.used_bytes() + more <= faults_.capacity) return {};
  counters_.hit(Fault::disk_full);
  log_.add(time_.now(), "disk.full", {node_, more});
  return fail(Code::no_space, "no space left on device (simulated)");
}

Result<std::unique_ptr<rt::File>> DiskFiles::open(const rt::Path& path, rt::Open mode) {
  TRY_OK(powered());
  const std::string text = path.string();
  const auto found = disk_.find(text);
  const bool may_create = mode == rt::Open::create || mode == rt::Open::create_new;
  if (found && disk_.is_directory(*found)) return fail(Code::bad_input, "not a regular file");
  if (found && mode == rt::Open::create_new) return fail(Code::io, "file exists");
  if (!found && !may_create) return fail(Code::not_found, "no such file: " + text);
  TRY_OK(admit(DiskCall::open, found.value_or(0), 0));
  if (found) return std::make_unique<VirtualFile>(*this, *found, mode != rt::Open::read);
  const auto parent = disk_.parent(text);
  if (!parent) return fail(Code::not_found, "no such directory: " + text);
  const InodeId made = disk_.make_file(parent->first, parent->second);
  return std::make_unique<VirtualFile>(*this, made, true);
}

Result<> DiskFiles::make_directories(const rt::Path& path) {
  TRY_OK(admit(DiskCall::names, 0, 0));
  InodeId here = Disk::kRoot;
  rt::Path so_far = "/";
  for (const auto& part : path.relative_path()) {
    if (part.empty() || part == ".") continue;
    so_far /= part;
    if (const auto next = disk_.find(so_far.string())) {
      if (!disk_.is_directory(*next)) return fail(Code::io, "not a directory");
      here = *next;
    } else {
      here = disk_.make_directory(here, part.string());
    }
  }
  return {};
}

Result<> DiskFiles::rename(const rt::Path& from, const rt::Path& to) {
  TRY_OK(admit(DiskCall::names, 1, 0));
  if (!disk_.find(from.string())) return fail(Code::not_found, "no such file");
  const auto source = disk_.parent(from.string());
  const auto target = disk_.parent(to.string());
  if (!source || !target) return fail(Code::not_found, "no such directory");
  if (const auto there = disk_.find(to.string()); there && disk_.is_directory(*there)) {
    return fail(Code::io, "is a directory");
  }
  disk_.rename(source->first, source->second, target->first, target->second);
  return {};
}

Result<> DiskFiles::remove(const rt::Path& path) {
  TRY_OK(admit(DiskCall::names, 2, 0));
  const auto found = disk_.find(path.string());
  if (!found) return fail(Code::not_found, "no such file");
  if (disk_.is_directory(*found) && !disk_.list(*found).empty()) return fail(Code::io, "not empty");
  const auto parent = disk_.parent(path.string());
  disk_.remove(parent->first, parent->second);
  return {};
}

Result<> DiskFiles::sync_directory(const rt::Path& path) {
  TRY_OK(admit(DiskCall::names, 3, 0));
  const auto found = disk_.find(path.string());
  if (!found || !disk_.is_directory(*found)) return fail(Code::not_found, "no such directory");
  disk_.sync_directory(*found);
  return {};
}

Result<std::vector<rt::DirEntry>> DiskFiles::list(const rt::Path& path) {
  TRY_OK(admit(DiskCall::read, 0, 0));
  const auto found = disk_.find(path.string());
  if (!found || !disk_.is_directory(*found)) return fail(Code::not_found, "no such directory");
  return disk_.list(*found);
}

Result<rt::FileKind> DiskFiles::kind(const rt::Path& path) {
  TRY_OK(powered());
  const auto found = disk_.find(path.string());
  if (!found) return fail(Code::not_found, "no such file");
  return disk_.is_directory(*found) ? rt::FileKind::directory : rt::FileKind::regular;
}

Result<> DiskFiles::clone(const rt::Path& from, const rt::Path& to) {
  TRY(source, open(from, rt::Open::read));
  TRY(target, open(to, rt::Open::create_new));
  TRY(stamp, source->stamp());
  Bytes bytes(stamp.size);
  TRY(n, source->read_at(0, bytes));
  return target->write_at(0, ByteView(bytes).first(n));
}

Result<rt::DiskSpace> DiskFiles::disk_space(const rt::Path& /*path*/) {
  TRY_OK(powered());
  const std::uint64_t used = disk_.used_bytes();
  return rt::DiskSpace{used < faults_.capacity ? faults_.capacity - used : 0, faults_.capacity};
}

Result<std::shared_ptr<void>> DiskFiles::lock(const rt::Path& path) {
  TRY_OK(powered());
  const std::string name = path.string();
  if (!disk_.find(name)) {
    TRY(made, open(path, rt::Open::create));
  }
  if (!locks_.insert(name).second) return fail(Code::locked, "held by another process");
  return std::shared_ptr<void>(static_cast<void*>(this),
                               [this, name, power = std::weak_ptr<int>(power_)](void*) {
                                 if (!power.expired()) locks_.erase(name);
                               });
}

void DiskFiles::fail_call(DiskCall kind, std::uint64_t nth) {
  countdown_[static_cast<std::size_t>(kind)] = nth;
}

void DiskFiles::power_cut_at_call(std::uint64_t nth, std::function<void()> on_cut) {
  cut_in_calls_ = nth;
  on_cut_ = std::move(on_cut);
}

void DiskFiles::power_cut() {
  power_ = std::make_shared<int>(0);
  powered_ = false;
  cut_in_calls_ = 0;
  locks_.clear();
  counters_.hit(Fault::power_cut);
  if (cache_survives_) disk_.settle();
  disk_.crash(random_, counters_);
  log_.add(time_.now(), "disk.power_cut", {node_, disk_.used_bytes()});
}

void DiskFiles::replace(Disk disk) {
  power_ = std::make_shared<int>(0);
  locks_.clear();
  disk_ = std::move(disk);
}

void DiskFiles::place(const rt::Path& path, ByteView bytes) {
  const std::string text = path.string();
  rt::Path so_far = "/";
  InodeId here = Disk::kRoot;
  for (const auto& part : path.parent_path().relative_path()) {
    so_far /= part;
    const auto next = disk_.find(so_far.string());
    here = next ? *next : disk_.make_directory(here, part.string());
  }
  const auto found = disk_.find(text);
  const InodeId inode = found ? *found : disk_.make_file(here, path.filename().string());
  disk_.resize(inode, 0);
  disk_.write(inode, 0, bytes);
  disk_.sync_file(inode);
  for (rt::Path up = path.parent_path();; up = up.parent_path()) {
    disk_.sync_directory(*disk_.find(up.string()));
    if (up == up.root_path() || up.empty()) break;
  }
}

std::optional<Bytes> DiskFiles::look(const rt::Path& path) const {
  const auto found = disk_.find(path.string());
  if (!found || disk_.is_directory(*found)) return std::nullopt;
  Bytes out(disk_.size(*found));
  disk_.read(*found, 0, out);
  return out;
}

}  // namespace archy::sim
