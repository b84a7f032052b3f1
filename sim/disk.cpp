#include "sim/disk.hpp"

#include <algorithm>
#include <set>

#include "base/check.hpp"

namespace archy::sim {

namespace {

struct DataOp {
  bool is_resize = false;
  std::uint64_t number = 0;  // offset, or the size
  Bytes bytes;
};

}  // namespace

struct Disk::Inode {
  InodeId id = 0;
  bool directory = false;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  Bytes live;
  Bytes durable;
  std::vector<DataOp> pending;
  bool forgot =
      false;  // a failed sync called dirty pages clean: live shows what the platter never gets
  std::map<std::string, InodeId, std::less<>> entries;  // live
  std::map<std::string, InodeId, std::less<>> durable_entries;
};

// A pending change of names: adds (directory, name), removes it, or moves it.
struct Disk::NameOp {
  DiskOp::Kind kind{};
  InodeId inode = 0;
  InodeId directory = 0;
  std::string name;
  InodeId to_directory = 0;
  std::string to_name;
};

Disk::Disk() {
  auto root = std::make_unique<Inode>();
  root->id = kRoot;
  root->directory = true;
  inodes_.emplace(kRoot, std::move(root));
}
Disk::Disk(Disk&&) noexcept = default;
Disk& Disk::operator=(Disk&&) noexcept = default;
Disk::~Disk() = default;

Disk::Inode& Disk::at(InodeId inode) const {
  const auto found = inodes_.find(inode);
  CHECK(found != inodes_.end());
  return *found->second;
}

std::optional<InodeId> Disk::find(std::string_view path) const {
  InodeId here = kRoot;
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    if (name == ".") continue;
    const Inode& directory = at(here);
    if (!directory.directory) return std::nullopt;
    const auto entry = directory.entries.find(name);
    if (entry == directory.entries.end()) return std::nullopt;
    here = entry->second;
  }
  return here;
}

std::optional<std::pair<InodeId, std::string>> Disk::parent(std::string_view path) const {
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  const std::string_view above = slash == std::string_view::npos ? "" : path.substr(0, slash);
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto directory = find(above);
  if (!directory || !at(*directory).directory || name.empty()) return std::nullopt;
  return std::pair(*directory, std::string(name));
}

bool Disk::is_directory(InodeId inode) const { return at(inode).directory; }
std::uint64_t Disk::size(InodeId inode) const { return at(inode).live.size(); }
std::int64_t Disk::mtime_ns(InodeId inode) const { return at(inode).mtime_ns; }
std::int64_t Disk::ctime_ns(InodeId inode) const { return at(inode).ctime_ns; }

std::size_t Disk::read(InodeId inode, std::uint64_t offset, MutableBytes out) const {
  const Bytes& live = at(inode).live;
  if (offset >= live.size()) return 0;
  const std::size_t n = std::min<std::uint64_t>(out.size(), live.size() - offset);
  std::copy_n(live.begin() + static_cast<std::ptrdiff_t>(offset), n, out.begin());
  return n;
}

std::vector<rt::DirEntry> Disk::list(InodeId directory) const {
  std::vector<rt::DirEntry> out;
  for (const auto& [name, inode] : at(directory).entries) {
    out.push_back({name, at(inode).directory ? rt::FileKind::directory : rt::FileKind::regular});
  }
  return out;
}

std::vector<std::pair<std::string, InodeId>> Disk::files() const {
  std::vector<std::pair<std::string, InodeId>> out;
  std::vector<std::pair<std::string, InodeId>> todo{{"", kRoot}};
  while (!todo.empty()) {
    auto [path, inode] = todo.back();
    todo.pop_back();
    if (!at(inode).directory) {
      out.emplace_back(path, inode);
      continue;
    }
    for (const auto& [name, child] : at(inode).entries) todo.emplace_back(path + "/" + name, child);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void Disk::overlay(Bytes& content, std::uint64_t offset, ByteView bytes) {
  if (bytes.empty()) return;
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

void Disk::note(DiskOp op) {
  if (log_ != nullptr) log_->push_back(std::move(op));
}

void Disk::write(InodeId inode, std::uint64_t offset, ByteView bytes) {
  Inode& file = at(inode);
  used_ -= file.live.size();
  overlay(file.live, offset, bytes);
  used_ += file.live.size();
  file.ctime_ns = file.mtime_ns = ++tick_ * 1000;
  file.pending.push_back({false, offset, to_bytes(bytes)});
  if (file.forgot) {
    // Whole pages are written back, with whatever else the cache shows in them.
    DataOp& op = file.pending.back();
    const std::uint64_t first = offset / kPageBytes * kPageBytes;
    const std::uint64_t end = std::min<std::uint64_t>(
        file.live.size(), (offset + bytes.size() + kPageBytes - 1) / kPageBytes * kPageBytes);
    op.number = first;
    op.bytes.assign(file.live.begin() + static_cast<std::ptrdiff_t>(first),
                    file.live.begin() + static_cast<std::ptrdiff_t>(end));
  }
  if (log_ != nullptr) note({DiskOp::Kind::write, inode, offset, to_bytes(bytes), 0, {}, 0, {}});
}

void Disk::resize(InodeId inode, std::uint64_t size) {
  Inode& file = at(inode);
  used_ = used_ - file.live.size() + size;
  file.live.resize(size);
  file.ctime_ns = file.mtime_ns = ++tick_ * 1000;
  file.pending.push_back({true, size, {}});
  note({DiskOp::Kind::resize, inode, size, {}, 0, {}, 0, {}});
}

void Disk::sync_file(InodeId inode) {
  Inode& file = at(inode);
  for (const DataOp& op : file.pending) {
    if (op.is_resize) {
      file.durable.resize(op.number);
    } else {
      overlay(file.durable, op.number, op.bytes);
    }
  }
  file.pending.clear();
  note({DiskOp::Kind::sync_file, inode, 0, {}, 0, {}, 0, {}});
}

void Disk::sync_file_failed(InodeId inode) {
  Inode& file = at(inode);
  // Lengths are the file system's own journal's business: they stay pending.
  if (std::erase_if(file.pending, [](const DataOp& op) { return !op.is_resize; }) > 0)
    file.forgot = true;
}

InodeId Disk::make_file(InodeId directory, std::string_view name) {
  DiskOp op{DiskOp::Kind::make_file, next_inode_, 0, {}, directory, std::string(name), 0, {}};
  apply(op);
  return op.inode;
}

InodeId Disk::make_directory(InodeId directory, std::string_view name) {
  DiskOp op{DiskOp::Kind::make_directory, next_inode_, 0, {}, directory, std::string(name), 0, {}};
  apply(op);
  return op.inode;
}

void Disk::remove(InodeId directory, std::string_view name) {
  auto& entries = at(directory).entries;
  const auto entry = entries.find(name);
  CHECK(entry != entries.end());
  const InodeId inode = entry->second;
  used_ -= at(inode).live.size();
  entries.erase(entry);
  names_.push_back({DiskOp::Kind::remove, inode, directory, std::string(name), 0, {}});
  note({DiskOp::Kind::remove, inode, 0, {}, directory, std::string(name), 0, {}});
}

void Disk::rename(InodeId directory, std::string_view name, InodeId to_directory,
                  std::string_view to_name) {
  auto& from = at(directory).entries;
  const auto entry = from.find(name);
  CHECK(entry != from.end());
  const InodeId inode = entry->second;
  from.erase(entry);
  auto& to = at(to_directory).entries;
  if (const auto replaced = to.find(to_name); replaced != to.end()) {
    used_ -= at(replaced->second).live.size();
  }
  to.insert_or_assign(std::string(to_name), inode);
  at(inode).ctime_ns = ++tick_ * 1000;
  names_.push_back({DiskOp::Kind::rename, inode, directory, std::string(name), to_directory,
                    std::string(to_name)});
  note({DiskOp::Kind::rename,
        inode,
        0,
        {},
        directory,
        std::string(name),
        to_directory,
        std::string(to_name)});
}

void Disk::sync_directory(InodeId directory) {
  std::vector<bool> chosen(names_.size());
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const NameOp& op = names_[i];
    chosen[i] = op.directory == directory || op.to_directory == directory;
  }
  persist(std::move(chosen));
  note({DiskOp::Kind::sync_directory, 0, 0, {}, directory, {}, 0, {}});
}

// Makes the chosen pending name changes durable, and every earlier one that shares a name with
// them.
void Disk::persist(std::vector<bool> chosen) {
  std::set<std::pair<InodeId, std::string>> needed;
  for (std::size_t i = names_.size(); i-- > 0;) {
    const NameOp& op = names_[i];
    const bool moves = op.kind == DiskOp::Kind::rename;
    if (needed.contains({op.directory, op.name}) ||
        (moves && needed.contains({op.to_directory, op.to_name}))) {
      chosen[i] = true;
    }
    if (!chosen[i]) continue;
    needed.insert({op.directory, op.name});
    if (moves) needed.insert({op.to_directory, op.to_name});
  }
  std::vector<NameOp> left;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    NameOp& op = names_[i];
    if (!chosen[i]) {
      left.push_back(std::move(op));
      continue;
    }
    auto& entries = at(op.directory).durable_entries;
    switch (op.kind) {
      case DiskOp::Kind::make_file:
      case DiskOp::Kind::make_directory:
        entries.insert_or_assign(op.name, op.inode);
        break;
      case DiskOp::Kind::rename:
        entries.erase(op.name);
        at(op.to_directory).durable_entries.insert_or_assign(op.to_name, op.inode);
        break;
      default:
        entries.erase(op.name);
    }
  }
  names_ = std::move(left);
}

void Disk::apply(const DiskOp& op) {
  switch (op.kind) {
    case DiskOp::Kind::write:
      return write(op.inode, op.number, op.bytes);
    case DiskOp::Kind::resize:
      return resize(op.inode, op.number);
    case DiskOp::Kind::sync_file:
      return sync_file(op.inode);
    case DiskOp::Kind::remove:
      return remove(op.directory, op.name);
    case DiskOp::Kind::rename:
      return rename(op.directory, op.name, op.to_directory, op.to_name);
    case DiskOp::Kind::sync_directory:
      return sync_directory(op.directory);
    case DiskOp::Kind::make_file:
    case DiskOp::Kind::make_directory:
      break;
  }
  auto made = std::make_unique<Inode>();
  made->id = op.inode;
  made->directory = op.kind == DiskOp::Kind::make_directory;
  made->ctime_ns = made->mtime_ns = ++tick_ * 1000;
  next_inode_ = std::max(next_inode_, op.inode + 1);
  CHECK(inodes_.emplace(op.inode, std::move(made)).second);
  at(op.directory).entries.insert_or_assign(op.name, op.inode);
  names_.push_back({op.kind, op.inode, op.directory, op.name, 0, {}});
  note(op);
}

void Disk::settle() {
  names_.clear();
  for (auto& [id, inode] : inodes_) {
    inode->durable = inode->live;
    inode->forgot = false;
    inode->durable_entries = inode->entries;
    inode->pending.clear();
  }
}

void Disk::flip_bit(InodeId inode, std::uint64_t bit) {
  Inode& file = at(inode);
  const auto flip = [bit](Bytes& bytes) {
    if (bit / 8 < bytes.size()) bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  };
  flip(file.live);
  flip(file.durable);
}

void Disk::crash(SeededRandom& random, Counters& counters) {
  // Names: mostly as a journal would (the oldest so many), else any subset.
  std::vector<bool> chosen(names_.size());
  if (random.chance(500'000)) {
    std::fill_n(chosen.begin(), random.between(0, names_.size()), true);
  } else {
    const std::uint64_t keep_ppm = random.between(0, kMillion);
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = random.chance(keep_ppm);
  }
  const std::size_t before = names_.size();
  const auto kept = static_cast<std::size_t>(std::count(chosen.begin(), chosen.end(), true));
  if (kept < before) counters.hit(Fault::entry_lost);
  persist(std::move(chosen));
  names_.clear();

  for (auto& [id, inode] : inodes_) {
    // Everything, nothing, the oldest so many, or any subset of the file's unsynced writes.
    const std::uint64_t mode = random.below(4);
    const std::uint64_t oldest = random.between(0, inode->pending.size());
    std::uint64_t index = 0;
    for (const DataOp& op : inode->pending) {
      const std::uint64_t at_index = index++;
      bool keep =
          mode == 0 || (mode == 2 && at_index < oldest) || (mode == 3 && random.chance(500'000));
      if (!keep) {
        counters.hit(Fault::write_lost);
        continue;
      }
      if (op.is_resize) {
        inode->durable.resize(op.number);
        continue;
      }
      const std::uint64_t how = mode == 0 ? 0 : random.below(6);
      if (how == 1) {
        counters.hit(Fault::write_size_only);
        if (inode->durable.size() < op.number + op.bytes.size()) {
          inode->durable.resize(op.number + op.bytes.size());
        }
        continue;
      }
      if (how == 2) counters.hit(Fault::write_torn);
      // Sector by sector: a torn write keeps any subset of them.
      std::uint64_t done = 0;
      while (done < op.bytes.size()) {
        const std::uint64_t position = op.number + done;
        const std::uint64_t n =
            std::min<std::uint64_t>(kSectorBytes - position % kSectorBytes, op.bytes.size() - done);
        if (how != 2 || random.chance(500'000)) {
          overlay(inode->durable, position, ByteView(op.bytes).subspan(done, n));
        }
        done += n;
      }
    }
    inode->pending.clear();
    inode->forgot = false;
    inode->live = inode->durable;
    inode->entries = inode->durable_entries;
  }

  // What no name leads to is gone; entries that lead nowhere cannot be, since inodes are never
  // reused.
  std::set<InodeId> reached{kRoot};
  std::vector<InodeId> todo{kRoot};
  used_ = 0;
  while (!todo.empty()) {
    const Inode& inode = at(todo.back());
    todo.pop_back();
    used_ += inode.live.size();
    for (const auto& [name, child] : inode.entries) {
      if (reached.insert(child).second) todo.push_back(child);
    }
  }
  std::erase_if(inodes_, [&](const auto& entry) { return !reached.contains(entry.first); });
}

}  // namespace archy::sim
