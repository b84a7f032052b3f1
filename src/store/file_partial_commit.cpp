// FilePartial: the half that makes things durable - checkpoints, rows, finishing.
#include "bao/outboard_verifier.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "crypto/blake3.hpp"
#include "store/file_partial.hpp"
#include "store/held_groups.hpp"
#include "store/outboard_file.hpp"

namespace archy::store {

std::unexpected<Error> FilePartial::broke(const Error& error) {
  broken_ = error;
  run_.clear();
  pairs_.clear();
  return fail(error);
}

std::unexpected<Error> FilePartial::sync_failed(const Error& error) {
  log::error("store", "{}: {}", hash().hex(), to_string(error));
  {
    const std::lock_guard lock(live_->mutex);
    live_->failed = true;
    live_->have = {};
  }
  have_ = {};
  const std::lock_guard lock(store_.mutex_);
  store_.failed_.insert(hash());
  // The next start begins anew: no row, no file.
  auto cleared =
      store_.change_rows(false, [this](Index& index) { return index.set_have(row_id_, {}); });
  if (!cleared.has_value()) {
    log::error("store", "{}", to_string(cleared.error()));
    return broke(error);
  }
  // The page cache still shows what the disk never took: nothing of it may be found again.
  (void)remove_if_there(store_.files_, store_.layout_.data(hash()));
  (void)remove_if_there(store_.files_, store_.layout_.outboard(hash()));
  return broke(error);
}

Result<> FilePartial::commit_row(bool complete) {
  const std::lock_guard lock(store_.mutex_);
  if (superseded()) return {};
  std::int64_t id = row_id_;
  TRY_OK(store_.change_rows(false, [&](Index& index) -> Result<> {
    BlobRow row;
    row.id = row_id_;
    row.hash = hash();
    row.complete = complete;
    row.location = is_small() ? Location::inlined : Location::owned;
    row.size = *size_;
    row.size_state = size_verified_ || complete ? SizeState::verified : SizeState::claimed;
    row.added_ms = store_.clock_.unix_ms();
    TRY(made, index.put(row));
    id = made;
    if (!complete) return index.set_have(id, have_);
    TRY_OK(index.clear_details(id));
    if (is_small()) TRY_OK(index.set_inline_data(id, small_));
    return {};
  }));
  row_id_ = id;
  row_is_behind_ = false;
  return {};
}

Result<> FilePartial::sync_files() {
  if (auto done = data_->sync(); !done.has_value()) return sync_failed(done.error());
  if (auto done = outboard_->sync(); !done.has_value()) return sync_failed(done.error());
  if (!folder_synced_) {
    auto done = store_.files_.sync_directory(store_.layout_.shard(hash()));
    if (!done.has_value()) return sync_failed(done.error());
    folder_synced_ = true;
  }
  unsynced_bytes_ = 0;
  return {};
}

Result<> FilePartial::checkpoint() {
  TRY_OK(flush());
  if (!row_is_behind_ || !size_.has_value() || is_small()) return {};
  const bool early = test_hooks::planted("bitfield_before_sync");
  if (early) TRY_OK(commit_row(false));
  if (unsynced_bytes_ > 0) TRY_OK(sync_files());
  if (!early) {
    if (auto done = commit_row(false); !done.has_value()) return broke(done.error());
  }
  return {};
}

bool FilePartial::is_complete() const {
  if (finished_ || superseded()) return true;
  if (!size_.has_value()) return false;
  const std::uint64_t chunks = bao::Tree(*size_).chunks();
  if (have_.covers(0, chunks)) return true;
  if (run_.empty()) return false;
  const std::uint64_t first = run_begin_ / bao::kChunkBytes;
  const std::uint64_t end = (run_begin_ + run_.size() + bao::kChunkBytes - 1) / bao::kChunkBytes;
  return (have_ | bao::ChunkRanges::span(ChunkIndex(first), ChunkIndex(end))).covers(0, chunks);
}

Result<Imported> FilePartial::finish_small() {
  if (crypto::blake3(small_) != hash()) {
    drop_all();
    return fail(Code::corrupt, "the blob in memory does not hash");
  }
  TRY_OK(commit_row(true));
  return Imported{hash(), std::nullopt, small_.size()};
}

Result<bool> FilePartial::outboard_is_whole() {
  bao::OutboardVerifier verifier(hash(), *size_);
  Bytes window(std::min<std::uint64_t>(verifier.expected_bytes(), kRunBytes));
  for (std::uint64_t at = 0; at < verifier.expected_bytes();) {
    const auto want = std::min<std::uint64_t>(window.size(), verifier.expected_bytes() - at);
    TRY(got, outboard_->read_at(at, MutableBytes(window).first(want)));
    const auto taken = verifier.update(ByteView(window).first(got),
                                       [](const bao::VerifiedParent&) -> Result<> { return {}; });
    if (got < want || !taken.has_value()) return false;
    at += got;
  }
  return verifier.done();
}

// Every pair again, from bytes that are known to be right.
Result<> FilePartial::rewrite_outboard() {
  TRY_OK(outboard_->resize(0));
  ContentPass pass(*size_, write_pairs(*outboard_), {.sha256 = false, .helper_thread = false});
  TRY(what, pass_over(*data_, pass, {.size = *size_}));
  if (what.hash != hash()) return fail(Code::corrupt, "the blob changed while it was finished");
  return {};
}

Result<HeldGroups> FilePartial::scan(const bao::ChunkRanges& wanted) {
  HeldGroupsScan scan;
  scan.hash = hash();
  scan.size = *size_;
  scan.data = data_.get();
  scan.outboard = outboard_.get();
  scan.wanted = wanted;
  return scan_held_groups(scan);
}

Result<> FilePartial::drop_damaged() {
  TRY(held, scan(have_));
  have_ = std::move(held.good);
  verified_ = have_;
  size_verified_ = held.size_verified;
  publish();
  {
    const std::lock_guard lock(live_->mutex);
    ++live_->generation;
  }
  return commit_row(false);
}

Result<Imported> FilePartial::finish_superseded() {
  finished_ = true;
  const std::lock_guard lock(store_.mutex_);
  TRY(row, store_.index_->find(hash()));
  if (!row.has_value()) return fail(Code::not_found, "the blob was removed");
  return Imported{row->hash, row->sha256, row->size};
}

Result<Imported> FilePartial::finish() {
  if (superseded()) return finish_superseded();
  TRY_OK(flush());
  CHECK(is_complete() && !finished_);
  Imported out;
  if (is_small()) {
    TRY(made, finish_small());
    out = made;
  } else {
    // What a writer before left beyond the end is no part of the blob.
    TRY(stamp, data_->stamp());
    if (stamp.size > *size_) TRY_OK(data_->resize(*size_));
    const auto chunks = ChunkIndex(bao::Tree(*size_).chunks());
    const bao::ChunkRanges unread = bao::ChunkRanges::span(ChunkIndex(0), chunks) - verified_;
    TRY(scanned, scan(unread));
    if (stamp.size < *size_ || scanned.good != unread) {
      TRY_OK(drop_damaged());
      return fail(Code::corrupt, "the file does not read back as it was verified");
    }
    TRY(whole, outboard_is_whole());
    if (!whole) TRY_OK(rewrite_outboard());
    out = {hash(), std::nullopt, *size_};
    TRY_OK(sync_files());
    TRY_OK(commit_row(true));
  }
  finished_ = true;
  size_verified_ = true;
  {
    const std::lock_guard lock(live_->mutex);
    live_->complete = true;
    live_->size_verified = true;
    live_->has_writer = false;
  }
  const std::lock_guard lock(store_.mutex_);
  TRY(root, store_.index_->is_sequence_root(hash()));
  if (root) {
    // Not a sequence after all, or unreadable: the blob is complete all the same, only without
    // children.
    auto expanded = store_.change_rows(
        false, [this](Index& index) { return store_.expand_sequence(index, hash()); });
    if (!expanded.has_value())
      log::warn("store", "{}: {}", hash().hex(), to_string(expanded.error()));
  }
  return out;
}

Result<std::unique_ptr<BlobReader>> FilePartial::reader() {
  TRY_OK(flush());
  ReadPaths paths{store_.layout_.data(hash()), store_.layout_.outboard(hash()), std::nullopt};
  return std::unique_ptr<BlobReader>(
      std::make_unique<FileReader>(store_.files_, live_, std::move(paths)));
}

// --- opening

Result<std::shared_ptr<PartialBlob>> FileStore::partial(const Blake3Hash& hash) {
  std::shared_ptr<FilePartial> made;
  std::optional<BlobRow> row;
  {
    const std::lock_guard lock(mutex_);
    if (failed_.contains(hash)) return fail(Code::io, "the blob's file failed to reach the disk");
    TRY(found, index_->find(hash));
    row = std::move(found);
    if (row.has_value() && row->complete) {
      TRY(now, info_of(*row));
      if (now.complete) return fail(Code::bad_input, "the blob is complete already");
      // A reference to a file that has changed: fetched anew, into a file of our own.
      TRY_OK(drop_blob(*row));
      row.reset();
    }
    auto live = live_for(hash);
    const std::lock_guard live_lock(live->mutex);
    if (live->has_writer) return fail(Code::locked, "the blob is being fetched already");
    live->has_writer = true;
    made = std::make_shared<FilePartial>(*this, live);
  }
  if (row.has_value()) TRY_OK(made->resume(*row));
  return std::shared_ptr<PartialBlob>(std::move(made));
}

}  // namespace archy::store
