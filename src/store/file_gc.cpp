// FileStore: collecting what nothing refers to. Two phases: every hash sequence that holds
// something is read and hashed again before anything goes; any error there ends the run with
// nothing removed.
#include "base/limits.hpp"
#include "store/file_store.hpp"

namespace archy::store {
namespace {

constexpr std::size_t kPageRows = 512;

}  // namespace

Result<GcReport> FileStore::gc(const GcOptions& options) {
  const std::lock_guard lock(mutex_);
  TRY_OK(commit_batch());
  GcReport report;
  const std::int64_t now = clock_.unix_ms();
  const auto is_old = [&](std::int64_t since_ms) { return now - since_ms >= options.min_age_ms; };

  // Mark: after this the children table is complete for every root that can be read. A root that is
  // not held has the children it had when it was.
  TRY(roots, index_->sequence_roots());
  for (const Blake3Hash& root : roots) {
    TRY(row, index_->find(root));
    if (!row.has_value() || !row->complete || row->size % 32 != 0) continue;
    TRY_OK(change_rows(false, [&](Index& index) { return expand_sequence(index, root); }));
  }
  std::vector<BlobRow> doomed;
  std::int64_t after = 0;
  for (;;) {
    TRY(rows, index_->page(after, kPageRows));
    if (rows.empty()) break;
    for (const BlobRow& row : rows) {
      after = row.id;
      TRY(unreferenced, index_->is_unreferenced(row.hash));
      bool in_use = false;
      if (auto live = live_if_open(row.hash)) {
        const std::lock_guard live_lock(live->mutex);
        in_use = live->has_writer;
      }
      if (unreferenced && !in_use && is_old(row.added_ms)) {
        doomed.push_back(row);
      } else {
        ++report.kept_blobs;
      }
    }
  }

  // Sweep.
  for (const BlobRow& row : doomed) {
    if (!options.dry_run) TRY_OK(drop_blob(row));
    ++report.removed_blobs;
    report.removed_bytes += row.location == Location::external ? 0 : row.size;
  }
  const auto sweep_file = [&](const rt::Path& path) -> Result<> {
    auto file = files_.open(path, rt::Open::read);
    if (!file.has_value()) return {};  // gone, or no regular file: not ours to judge
    TRY(stamp, (*file)->stamp());
    if (!is_old(stamp.mtime_ns / 1'000'000)) return {};
    ++report.removed_files;
    return options.dry_run ? Result<>() : files_.remove(path);
  };
  TRY(temps, files_.list(layout_.tmp()));
  for (const rt::DirEntry& entry : temps) {
    if (entry.kind == rt::FileKind::regular) TRY_OK(sweep_file(layout_.tmp() / entry.name));
  }
  TRY(shards, files_.list(layout_.blobs()));
  for (const rt::DirEntry& shard : shards) {
    if (shard.kind != rt::FileKind::directory) continue;
    TRY(entries, files_.list(layout_.blobs() / shard.name));
    for (const rt::DirEntry& entry : entries) {
      const auto file = parse_shard_file(shard.name, entry.name);
      if (!file.has_value() || entry.kind != rt::FileKind::regular) continue;  // somebody else's
      TRY(row, index_->find(file->hash));
      if (row.has_value()) continue;
      TRY_OK(sweep_file(layout_.blobs() / shard.name / entry.name));
    }
  }
  return report;
}

}  // namespace archy::store
