#include "sim/sqlite_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <string>

#include "base/check.hpp"

namespace archy::sim {
namespace {

struct Mounts {
  std::map<std::string, rt::Files*> by_prefix;
  SeededRandom random{0};
  std::map<std::string, std::map<int, std::unique_ptr<Bytes>>>
      shared;  // WAL index, by database path
  // Who has locked a file how far (SQLITE_LOCK_*), by path. A program that dies leaves none.
  std::map<std::string, std::map<const void*, int>> locks;
};
Mounts& mounts() {
  static Mounts all;
  return all;
}

rt::Files* files_of(std::string_view path) {
  for (const auto& [prefix, files] : mounts().by_prefix) {
    if (path.starts_with(prefix)) return files;
  }
  return nullptr;
}

struct VfsFile {
  sqlite3_file base;  // first, as SQLite demands
  rt::Files* files;
  rt::File* file;     // owned
  std::string* path;  // owned
  bool sync_name;     // a fresh journal: its name is synced with its first content
  bool remove_on_close;
};
VfsFile& of(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file); }

int status(const Error& error, int otherwise) {
  return error.code == Code::no_space ? SQLITE_FULL : otherwise;
}

int unlock(const VfsFile& file, int level) {
  auto& holders = mounts().locks[*file.path];
  holders[&file] = level;
  if (level == SQLITE_LOCK_NONE) holders.erase(&file);
  return SQLITE_OK;
}
// As between processes: a reader keeps writers from changing the file, one writer excludes all.
int lock(const VfsFile& file, int level) {
  auto& holders = mounts().locks[*file.path];
  const int most_of_others = level == SQLITE_LOCK_SHARED     ? SQLITE_LOCK_RESERVED
                             : level == SQLITE_LOCK_RESERVED ? SQLITE_LOCK_SHARED
                                                             : SQLITE_LOCK_NONE;
  for (const auto& [holder, held] : holders)
    if (holder != &file && held > most_of_others) return SQLITE_BUSY;
  holders[&file] = std::max(holders[&file], level);
  return SQLITE_OK;
}

int vfs_close(sqlite3_file* base) {
  VfsFile& f = of(base);
  if (f.remove_on_close) (void)f.files->remove(*f.path);
  unlock(f, SQLITE_LOCK_NONE);
  delete f.file;
  delete f.path;
  f.file = nullptr;
  f.path = nullptr;
  return SQLITE_OK;
}
int vfs_read(sqlite3_file* base, void* out, int amount, sqlite3_int64 offset) {
  const MutableBytes target(static_cast<std::uint8_t*>(out), static_cast<std::size_t>(amount));
  auto n = of(base).file->read_at(static_cast<std::uint64_t>(offset), target);
  if (!n) return SQLITE_IOERR_READ;
  if (*n == target.size()) return SQLITE_OK;
  std::memset(target.data() + *n, 0, target.size() - *n);
  return SQLITE_IOERR_SHORT_READ;
}
int vfs_write(sqlite3_file* base, const void* in, int amount, sqlite3_int64 offset) {
  const ByteView bytes(static_cast<const std::uint8_t*>(in), static_cast<std::size_t>(amount));
  auto written = of(base).file->write_at(static_cast<std::uint64_t>(offset), bytes);
  return written ? SQLITE_OK : status(written.error(), SQLITE_IOERR_WRITE);
}
int vfs_truncate(sqlite3_file* base, sqlite3_int64 size) {
  auto done = of(base).file->resize(static_cast<std::uint64_t>(size));
  return done ? SQLITE_OK : status(done.error(), SQLITE_IOERR_TRUNCATE);
}
int vfs_sync(sqlite3_file* base, int /*flags*/) {
  VfsFile& f = of(base);
  if (!f.file->sync()) return SQLITE_IOERR_FSYNC;
  if (f.sync_name) {
    if (!f.files->sync_directory(rt::Path(*f.path).parent_path())) return SQLITE_IOERR_DIR_FSYNC;
    f.sync_name = false;
  }
  return SQLITE_OK;
}
int vfs_size(sqlite3_file* base, sqlite3_int64* size) {
  auto stamp = of(base).file->stamp();
  if (!stamp) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(stamp->size);
  return SQLITE_OK;
}
int vfs_lock(sqlite3_file* base, int level) { return lock(of(base), level); }
int vfs_unlock(sqlite3_file* base, int level) { return unlock(of(base), level); }
int vfs_check_lock(sqlite3_file* base, int* held) {
  *held = 0;
  for (const auto& [holder, level] : mounts().locks[*of(base).path])
    if (level >= SQLITE_LOCK_RESERVED) *held = 1;
  return SQLITE_OK;
}
int vfs_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int vfs_sector(sqlite3_file*) { return 4096; }
int vfs_device(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int vfs_shm_map(sqlite3_file* base, int region, int size, int extend, void volatile** out) {
  auto& regions = mounts().shared[*of(base).path];
  auto& block = regions[region];
  if (!block) {
    if (extend == 0) {
      regions.erase(region);
      *out = nullptr;
      return SQLITE_OK;
    }
    block = std::make_unique<Bytes>(static_cast<std::size_t>(size));
  }
  *out = block->data();
  return SQLITE_OK;
}
int vfs_shm_lock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
void vfs_shm_barrier(sqlite3_file*) {}
int vfs_shm_unmap(sqlite3_file* base, int /*remove*/) {
  mounts().shared.erase(*of(base).path);
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {
    2,          vfs_close,   vfs_read,     vfs_write,       vfs_truncate,  vfs_sync,
    vfs_size,   vfs_lock,    vfs_unlock,   vfs_check_lock,  vfs_control,   vfs_sector,
    vfs_device, vfs_shm_map, vfs_shm_lock, vfs_shm_barrier, vfs_shm_unmap, nullptr,
    nullptr};

int vfs_open(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  base->pMethods = nullptr;
  static std::uint64_t temporary = 0;
  const std::string path = name != nullptr ? std::string(name)
                                           : mounts().by_prefix.begin()->first + "/sqlite-temp-" +
                                                 std::to_string(++temporary);
  rt::Files* files = files_of(path);
  if (files == nullptr) return SQLITE_CANTOPEN;
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  const rt::Open mode = create                                 ? rt::Open::create
                        : (flags & SQLITE_OPEN_READWRITE) != 0 ? rt::Open::read_write
                                                               : rt::Open::read;
  auto opened = files->open(path, mode);
  if (!opened) return status(opened.error(), SQLITE_CANTOPEN);
  VfsFile& f = of(base);
  f.files = files;
  f.file = opened->release();
  f.path = new std::string(path);
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL;
  f.sync_name = create && (flags & kJournals) != 0;
  f.remove_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  f.base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}
int vfs_delete(sqlite3_vfs*, const char* name, int sync_name) {
  rt::Files* files = files_of(name);
  if (files == nullptr) return SQLITE_IOERR_DELETE;
  if (auto removed = files->remove(name); !removed) {
    return removed.error().code == Code::not_found ? SQLITE_IOERR_DELETE_NOENT
                                                   : SQLITE_IOERR_DELETE;
  }
  if (sync_name != 0 && !files->sync_directory(rt::Path(name).parent_path())) {
    return SQLITE_IOERR_DIR_FSYNC;
  }
  return SQLITE_OK;
}
int vfs_access(sqlite3_vfs*, const char* name, int /*flags*/, int* out) {
  rt::Files* files = files_of(name);
  *out = 0;
  if (files == nullptr || !files->kind(name)) return SQLITE_OK;
  // As the system's VFS: an empty journal does not count as one.
  auto file = files->open(name, rt::Open::read);
  if (!file) return SQLITE_IOERR_ACCESS;
  auto stamp = (*file)->stamp();
  *out = stamp && stamp->size > 0;
  return SQLITE_OK;
}
int vfs_full_path(sqlite3_vfs*, const char* name, int room, char* out) {
  const std::string path = rt::Path(name).lexically_normal().string();
  if (path.size() + 1 > static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
  std::memcpy(out, path.c_str(), path.size() + 1);
  return SQLITE_OK;
}
int vfs_randomness(sqlite3_vfs*, int amount, char* out) {
  mounts().random.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(amount)});
  return amount;
}
int vfs_sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
int vfs_time64(sqlite3_vfs*, sqlite3_int64* now) {
  *now = 212'000'000'000'000;  // one fixed Julian day: stamps come from rt::Clock
  return SQLITE_OK;
}
int vfs_time(sqlite3_vfs*, double* now) {
  *now = 2'453'703.7;
  return SQLITE_OK;
}
int vfs_last_error(sqlite3_vfs*, int, char*) { return 0; }

sqlite3_vfs g_vfs{};

}  // namespace

void install_sqlite_vfs() {
  if (g_vfs.zName != nullptr) return;
  g_vfs.iVersion = 2;
  g_vfs.szOsFile = sizeof(VfsFile);
  g_vfs.mxPathname = 512;
  g_vfs.zName = kSqliteVfs;
  g_vfs.xOpen = vfs_open;
  g_vfs.xDelete = vfs_delete;
  g_vfs.xAccess = vfs_access;
  g_vfs.xFullPathname = vfs_full_path;
  g_vfs.xRandomness = vfs_randomness;
  g_vfs.xSleep = vfs_sleep;
  g_vfs.xCurrentTime = vfs_time;
  g_vfs.xGetLastError = vfs_last_error;
  g_vfs.xCurrentTimeInt64 = vfs_time64;
  CHECK(sqlite3_vfs_register(&g_vfs, 1) == SQLITE_OK);
}

SqliteMount::SqliteMount(rt::Path prefix, rt::Files& files, std::uint64_t seed)
    : prefix_(std::move(prefix)) {
  install_sqlite_vfs();
  CHECK(mounts().by_prefix.emplace(prefix_.string(), &files).second);
  mounts().random = SeededRandom(seed);
  sqlite3_randomness(0, nullptr);
}

SqliteMount::~SqliteMount() {
  mounts().by_prefix.erase(prefix_.string());
  std::erase_if(mounts().shared,
                [&](const auto& entry) { return entry.first.starts_with(prefix_.string()); });
}

}  // namespace archy::sim
