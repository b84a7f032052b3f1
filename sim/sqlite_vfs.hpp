// SQLite on the virtual disks: a VFS that turns every file call of SQLite into a call of a node's
// rt::Files, so that the databases meet the same lost writes, torn pages, full disks and errors as
// everything else.
#pragma once

#include "rt/files.hpp"
#include "sim/random.hpp"

namespace archy::sim {

inline constexpr const char* kSqliteVfs = "archipelago_sim";

// Registers the VFS (once a process) and makes it SQLite's default. Paths outside every mount
// cannot be opened.
void install_sqlite_vfs();

// While it lives, SQLite paths under `prefix` go to `files`. Requires: no other mount of that
// prefix. Also restarts SQLite's own pseudo-random stream from `seed`, so that WAL salts repeat.
// Thread: the world's.
class SqliteMount {
 public:
  SqliteMount(rt::Path prefix, rt::Files& files, std::uint64_t seed);
  ~SqliteMount();
  SqliteMount(const SqliteMount&) = delete;

 private:
  rt::Path prefix_;
};

}  // namespace archy::sim
