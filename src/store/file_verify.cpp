// FileStore: every blob hashed again, against its name and its outboard, and what stands in the
// folders compared with the rows. Repair only ever takes away claims: damaged groups become
// missing, files without a row are set aside.
#include <fmt/core.h>

#include "base/log.hpp"
#include "crypto/blake3.hpp"
#include "store/file_store.hpp"
#include "store/held_groups.hpp"
#include "store/outboard_file.hpp"
#include "store/temp_file.hpp"

namespace archy::store {
namespace {

bool is_environment(const Error& error) {
  return error.code == Code::cancelled || error.code == Code::try_later ||
         error.code == Code::denied;
}

}  // namespace

class FileStore::Check {
 public:
  Check(FileStore& store, const VerifyOptions& options, const ProgressFn& progress,
        std::stop_token stop)
      : store_(store), options_(options), progress_(progress), stop_(std::move(stop)) {}

  Result<VerifyReport> run();

 private:
  Result<> check(const BlobRow& row);
  Result<> check_inline(const BlobRow& row);
  Result<> check_file(const BlobRow& row, const rt::Path& path);
  Result<> check_external(const BlobRow& row);
  Result<> check_partial(const BlobRow& row);
  Result<> check_strays();
  // The data hashes right and its outboard does not match: written anew.
  Result<> rebuild_outboard(const BlobRow& row, rt::File& data);
  // The data does not hash: what still does is kept as a partial.
  Result<> demote(const BlobRow& row, rt::File& data);
  Result<> drop(const BlobRow& row);
  Result<> set_aside(const rt::Path& path);
  bool being_written(const Blake3Hash& hash);
  void found(const BlobRow& row, std::string what) {
    report_.damage.push_back({row.hash, std::move(what), options_.repair});
  }
  void read(std::uint64_t bytes) {
    report_.bytes += bytes;
    if (progress_) progress_({report_.bytes, total_});
  }

  FileStore& store_;
  const VerifyOptions& options_;
  const ProgressFn& progress_;
  std::stop_token stop_;
  VerifyReport report_;
  std::uint64_t total_ = 0;
};

Result<VerifyReport> FileStore::Check::run() {
  std::vector<BlobRow> rows;
  {
    const std::lock_guard lock(store_.mutex_);
    TRY_OK(store_.commit_batch());
    TRY_OK(store_.index_->check());
    if (options_.only.has_value()) {
      TRY(row, store_.index_->find(*options_.only));
      if (!row.has_value()) return fail(Code::not_found, "no such blob");
      total_ = row->size;
    }
  }
  std::int64_t after = 0;
  for (;;) {
    {
      const std::lock_guard lock(store_.mutex_);
      if (!options_.only.has_value()) {
        TRY(page, store_.index_->page(after, 256));
        rows = std::move(page);
      } else if (after == 0) {
        TRY(row, store_.index_->find(*options_.only));
        if (row.has_value()) rows.push_back(*row);
      } else {
        rows.clear();
      }
    }
    if (rows.empty()) break;
    for (const BlobRow& row : rows) {
      after = row.id;
      if (stop_.stop_requested()) return fail(Code::cancelled, "stopped");
      ++report_.blobs;
      TRY_OK(check(row));
    }
  }
  if (!options_.only.has_value()) TRY_OK(check_strays());
  return std::move(report_);
}

bool FileStore::Check::being_written(const Blake3Hash& hash) {
  const std::lock_guard lock(store_.mutex_);
  auto live = store_.live_if_open(hash);
  if (!live) return false;
  const std::lock_guard live_lock(live->mutex);
  return live->has_writer;
}

Result<> FileStore::Check::check(const BlobRow& row) {
  // A writer answers for its own blob: finish() takes nothing that did not hash.
  if (being_written(row.hash)) return {};
  if (!row.complete) return check_partial(row);
  switch (row.location) {
    case Location::inlined:
      return check_inline(row);
    case Location::owned:
      return check_file(row, store_.layout_.data(row.hash));
    case Location::external:
      return check_external(row);
  }
  return {};
}

Result<> FileStore::Check::check_inline(const BlobRow& row) {
  bool sound = false;
  {
    const std::lock_guard lock(store_.mutex_);
    auto bytes = store_.index_->inline_data(row.id);
    sound = bytes.has_value() && bytes->size() == row.size && crypto::blake3(*bytes) == row.hash;
  }
  read(row.size);
  if (sound) return {};
  found(row, "the bytes in the database are damaged");
  return drop(row);
}

Result<> FileStore::Check::check_external(const BlobRow& row) {
  std::optional<ExternalFile> file;
  bool current = false;
  {
    const std::lock_guard lock(store_.mutex_);
    auto known = store_.index_->external(row.id);
    if (known.has_value()) {
      file = *known;
      current = store_.external_is_current(*known);
    }
  }
  if (!file.has_value()) {
    found(row, "the path of the user's file is lost");
    return drop(row);
  }
  if (!current) {
    found(row, fmt::format("{} has changed or is gone", file->path.native()));
    return drop(row);
  }
  return check_file(row, file->path);
}

Result<> FileStore::Check::check_file(const BlobRow& row, const rt::Path& path) {
  auto data = store_.files_.open(path, rt::Open::read);
  if (!data.has_value()) {
    if (is_environment(data.error())) return fail(data.error());
    found(row, "its file is gone: " + to_string(data.error()));
    return drop(row);
  }
  auto outboard = store_.files_.open(store_.layout_.outboard(row.hash), rt::Open::read);
  bool outboard_differs = !outboard.has_value();
  ContentPass pass(
      row.size,
      outboard.has_value() ? compare_pairs(**outboard, outboard_differs) : bao::PairSink{},
      {.sha256 = false, .helper_thread = false});
  const std::uint64_t before = report_.bytes;
  const ProgressFn count = [&](const Progress& at) {
    report_.bytes = before + at.done;
    if (progress_) progress_({report_.bytes, total_});
  };
  auto passed = pass_over(**data, pass, {.size = row.size, .progress = &count, .stop = stop_});
  if (!passed.has_value() && passed.error().code == Code::cancelled) return fail(passed.error());
  if (!passed.has_value() || passed->hash != row.hash) {
    found(row,
          passed.has_value() ? "its bytes do not hash to its name" : to_string(passed.error()));
    return row.location == Location::owned ? demote(row, **data) : drop(row);
  }
  if (!outboard_differs) {
    TRY(stamp, (*outboard)->stamp());
    outboard_differs = stamp.size != bao::Tree(row.size).outboard_bytes();
  }
  if (!outboard_differs) return {};
  found(row, "its outboard is missing or damaged");
  return rebuild_outboard(row, **data);
}

Result<> FileStore::Check::rebuild_outboard(const BlobRow& row, rt::File& data) {
  if (!options_.repair) return {};
  TRY(path, store_.new_temp_path("outboard"));
  TempFile temp(store_.files_, path);
  TRY(file, store_.files_.open(temp.path(), rt::Open::create_new));
  ContentPass pass(row.size, write_pairs(*file), {.sha256 = false, .helper_thread = false});
  TRY(what, pass_over(data, pass, {.size = row.size, .stop = stop_}));
  if (what.hash != row.hash) return fail(Code::corrupt, "the blob changed while it was repaired");
  TRY_OK(file->sync());
  TRY_OK(store_.layout_.make_shard(store_.files_, row.hash));
  TRY_OK(store_.files_.rename(temp.path(), store_.layout_.outboard(row.hash)));
  return store_.files_.sync_directory(store_.layout_.shard(row.hash));
}

Result<> FileStore::Check::demote(const BlobRow& row, rt::File& data) {
  if (!options_.repair) return {};
  // Where the inner hashes are damaged too, nothing verifies, and the blob is fetched anew.
  auto outboard = store_.files_.open(store_.layout_.outboard(row.hash), rt::Open::read);
  HeldGroupsScan scan;
  scan.hash = row.hash;
  scan.size = row.size;
  scan.data = &data;
  scan.outboard = outboard.has_value() ? outboard->get() : nullptr;
  scan.wanted = bao::ChunkRanges::all();
  scan.stop = stop_;
  auto held = scan_held_groups(scan);
  if (!held.has_value() && held.error().code == Code::cancelled) return fail(held.error());
  const bao::ChunkRanges good = held.has_value() ? held->good : bao::ChunkRanges{};
  const std::lock_guard lock(store_.mutex_);
  TRY_OK(store_.change_rows(false, [&](Index& index) -> Result<> {
    BlobRow partial = row;
    partial.complete = false;
    partial.location = Location::owned;
    partial.sha256.reset();
    // It hashed at this size once, or it would never have been complete.
    partial.size_state = SizeState::verified;
    TRY_OK(index.clear_details(row.id));
    TRY(id, index.put(partial));
    return index.set_have(id, good);
  }));
  if (auto live = store_.live_if_open(row.hash)) {
    const std::lock_guard live_lock(live->mutex);
    live->complete = false;
    live->have = good;
    ++live->generation;
  }
  return {};
}

Result<> FileStore::Check::check_partial(const BlobRow& row) {
  if (row.size_state == SizeState::unknown) return {};
  bao::ChunkRanges have;
  bool readable = false;
  {
    const std::lock_guard lock(store_.mutex_);
    auto stored = store_.index_->have(row.id);
    readable = stored.has_value();
    if (readable) have = std::move(*stored);
  }
  if (!readable) found(row, "its bitfield is damaged");
  bao::ChunkRanges good;
  auto data = store_.files_.open(store_.layout_.data(row.hash), rt::Open::read);
  if (!have.is_empty() && data.has_value()) {
    auto outboard = store_.files_.open(store_.layout_.outboard(row.hash), rt::Open::read);
    HeldGroupsScan scan;
    scan.hash = row.hash;
    scan.size = row.size;
    scan.data = data->get();
    scan.outboard = outboard.has_value() ? outboard->get() : nullptr;
    scan.wanted = have;
    scan.on_read = [this](std::uint64_t bytes) { read(bytes); };
    scan.stop = stop_;
    auto held = scan_held_groups(scan);
    if (!held.has_value() && held.error().code == Code::cancelled) return fail(held.error());
    if (held.has_value()) good = std::move(held->good);
  }
  if (good == have && readable) return {};
  if (readable) {
    const std::uint64_t chunks = bao::Tree(row.size).chunks();
    found(row, fmt::format("{} of {} held chunks are damaged",
                           have.count_below(chunks) - good.count_below(chunks),
                           have.count_below(chunks)));
  }
  if (!options_.repair) return {};
  const std::lock_guard lock(store_.mutex_);
  return store_.change_rows(false, [&](Index& index) { return index.set_have(row.id, good); });
}

Result<> FileStore::Check::drop(const BlobRow& row) {
  if (!options_.repair) return {};
  const std::lock_guard lock(store_.mutex_);
  return store_.drop_blob(row);
}

Result<> FileStore::Check::set_aside(const rt::Path& path) {
  ++report_.stray_files;
  if (!options_.repair) return {};
  TRY(fresh, store_.new_temp_path("orphan"));
  // The old name stays readable in the new one; the random part keeps two of a name apart.
  const rt::Path to =
      store_.layout_.orphans() / (fresh.stem().native() + "-" + path.filename().native());
  TRY_OK(store_.files_.rename(path, to));
  return store_.files_.sync_directory(store_.layout_.orphans());
}

Result<> FileStore::Check::check_strays() {
  TRY(shards, store_.files_.list(store_.layout_.blobs()));
  for (const rt::DirEntry& shard : shards) {
    const rt::Path folder = store_.layout_.blobs() / shard.name;
    if (shard.kind != rt::FileKind::directory) {
      TRY_OK(set_aside(folder));
      continue;
    }
    TRY(entries, store_.files_.list(folder));
    for (const rt::DirEntry& entry : entries) {
      const auto file = parse_shard_file(shard.name, entry.name);
      if (file.has_value() && entry.kind == rt::FileKind::regular) {
        // An import that is about to write its row holds the mutex from rename to commit.
        const std::lock_guard lock(store_.mutex_);
        TRY(row, store_.index_->find(file->hash));
        if (row.has_value()) continue;
        if (auto live = store_.live_if_open(file->hash)) continue;
      }
      TRY_OK(set_aside(folder / entry.name));
    }
  }
  return {};
}

Result<VerifyReport> FileStore::verify(const VerifyOptions& options, const ProgressFn& progress,
                                       std::stop_token stop) {
  Check check(*this, options, progress, std::move(stop));
  return check.run();
}

}  // namespace archy::store
