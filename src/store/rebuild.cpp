#include "store/rebuild.hpp"

#include "store/schema.hpp"

namespace archy::store {
namespace {

// tmp/orphans/<salt>-<name>.
Result<> move_aside(rt::Files& files, rt::Random& random, const Layout& layout,
                    const rt::Path& path) {
  std::uint8_t salt[8];
  random.fill(salt);
  return files.rename(path, layout.orphans() / (to_hex(salt) + "-" + path.filename().native()));
}

// The data files to hash. Foreign names are moved aside on the way.
Result<std::vector<std::pair<Blake3Hash, rt::Path>>> collect(rt::Files& files, rt::Random& random,
                                                             const Layout& layout,
                                                             RebuildReport& report) {
  std::vector<std::pair<Blake3Hash, rt::Path>> found;
  TRY(shards, files.list(layout.blobs()));
  for (const rt::DirEntry& shard : shards) {
    const rt::Path folder = layout.blobs() / shard.name;
    if (shard.kind != rt::FileKind::directory) {
      TRY_OK(move_aside(files, random, layout, folder));
      ++report.set_aside;
      continue;
    }
    TRY(entries, files.list(folder));
    for (const rt::DirEntry& entry : entries) {
      const auto file = parse_shard_file(shard.name, entry.name);
      if (file.has_value() && entry.kind == rt::FileKind::regular) {
        if (!file->is_outboard) found.emplace_back(file->hash, folder / entry.name);
        continue;
      }
      TRY_OK(move_aside(files, random, layout, folder / entry.name));
      ++report.set_aside;
    }
  }
  return found;
}

}  // namespace

Result<RebuildReport> rebuild_file_store(rt::Files& files, rt::Clock& clock, rt::Random& random,
                                         const rt::Path& data_dir, StoreOptions options,
                                         const ProgressFn& progress, std::stop_token stop) {
  const Layout layout(data_dir);
  TRY_OK(layout.make(files));
  for (const char* name : {"store.db", "store.db-wal", "store.db-journal"}) {
    const rt::Path path = layout.database_folder() / name;
    if (files.kind(path).has_value()) TRY_OK(move_aside(files, random, layout, path));
  }
  TRY_OK(files.sync_directory(layout.orphans()));
  TRY_OK(files.sync_directory(layout.database_folder()));
  RebuildReport report;
  TRY(found, collect(files, random, layout, report));
  // The empty database stands before the files are listed in it: with it there, opening is allowed
  // again.
  TRY(connection, db::Connection::open(files, layout.database(), store_schema(),
                                       {.vfs = options.sqlite_vfs, .quick_check = true}));
  FileStore store(files, clock, random, layout, options,
                  std::make_unique<Index>(std::move(connection)));
  for (const auto& [hash, path] : found) {
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
    auto listed = store.list_sound_file(hash, path, progress, stop);
    if (listed.has_value()) {
      ++report.blobs;
      report.bytes += listed->size;
      continue;
    }
    if (listed.error().code != Code::corrupt && listed.error().code != Code::bad_input) {
      return fail(listed.error());
    }
    TRY_OK(move_aside(files, random, layout, path));
    ++report.set_aside;
  }
  // Outboards whose data is not here: of users' files and of partials.
  TRY(left, store.verify({.repair = true, .only = std::nullopt}, {}, stop));
  report.set_aside += left.stray_files;
  return report;
}

}  // namespace archy::store
