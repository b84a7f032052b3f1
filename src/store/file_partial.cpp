#include "store/file_partial.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "store/held_groups.hpp"
#include "store/outboard_file.hpp"

namespace archy::store {

using bao::kChunkBytes;
using bao::kGroupBytes;
using bao::kGroupChunks;
using bao::kPairBytes;

FilePartial::~FilePartial() {
  if (!finished_ && !broken_.has_value()) {
    if (auto done = checkpoint(); !done.has_value()) {
      log::warn("store", "a partial blob was not saved: {}", to_string(done.error()));
    }
  }
  const std::lock_guard lock(live_->mutex);
  live_->has_writer = false;
}

bool FilePartial::is_small() const {
  return size_.has_value() && *size_ <= limits::kInlineBlobBytes;
}

Result<> FilePartial::open_files(bool fresh) {
  if (data_) return {};
  const std::lock_guard lock(store_.mutex_);
  if (superseded()) return fail(Code::bad_input, "the blob is complete already");
  const Layout& layout = store_.layout_;
  TRY_OK(layout.make_shard(store_.files_, hash()));
  TRY(data, store_.files_.open(layout.data(hash()), rt::Open::create));
  TRY(outboard, store_.files_.open(layout.outboard(hash()), rt::Open::create));
  if (fresh) {
    // Whatever a crash left here belongs to no row.
    TRY_OK(data->resize(0));
    TRY_OK(outboard->resize(0));
  }
  data_ = std::move(data);
  outboard_ = std::move(outboard);
  return {};
}

Result<> FilePartial::resume(const BlobRow& row) {
  row_id_ = row.id;
  if (row.size_state == SizeState::unknown) return {};
  size_ = row.size;
  size_verified_ = row.size_state == SizeState::verified;
  if (is_small()) return {};
  TRY_OK(open_files(false));
  bao::ChunkRanges from_row;
  {
    const std::lock_guard lock(store_.mutex_);
    // A row that cannot be read claims nothing: the file itself is asked below.
    auto have = store_.index_->have(row.id);
    if (have.has_value()) from_row = std::move(*have);
  }
  const std::uint64_t chunks = bao::Tree(row.size).chunks();
  have_ = from_row.whole_groups(chunks) & bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(chunks));
  HeldGroupsScan scan;
  scan.hash = hash();
  scan.size = row.size;
  scan.data = data_.get();
  scan.outboard = outboard_.get();
  scan.wanted = bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(chunks)) - have_;
  scan.skip_holes = true;
  scan.write_back = true;
  TRY(held, scan_held_groups(scan));
  verified_ = held.good;
  if (!held.good.is_empty()) {
    TRY_OK(write_back(*outboard_));
    have_ |= held.good;
    row_is_behind_ = true;
    unsynced_bytes_ = 1;
  }
  size_verified_ = size_verified_ || held.size_verified;
  if (test_hooks::planted("resume_off_by_one_group")) {
    const auto spans = have_.spans();
    if (!spans.empty() && spans.back().end.value_or(chunks) < chunks) {
      const std::uint64_t end = *spans.back().end;
      have_.add(end, std::min(end + kGroupChunks, chunks));
    }
  }
  publish();
  return {};
}

bool FilePartial::superseded() const {
  const std::lock_guard lock(live_->mutex);
  return live_->complete;
}

void FilePartial::publish() {
  const std::lock_guard lock(live_->mutex);
  if (live_->complete) return;
  live_->size = size_;
  live_->size_verified = size_verified_;
  live_->have = have_;
}

void FilePartial::drop_all() {
  run_.clear();
  pairs_.clear();
  small_.clear();
  have_ = {};
  verified_ = {};
  const std::lock_guard lock(live_->mutex);
  if (live_->complete) return;
  ++live_->generation;
  live_->small.clear();
  live_->have = {};
}

Result<> FilePartial::claim_size(std::uint64_t size) {
  if (broken_.has_value()) return fail(*broken_);
  if (size > limits::kBlobBytes) return fail(Code::peer_fault, "an absurd size was claimed");
  if (size_ == size) return {};
  if (size_.has_value()) {
    if (size_verified_)
      return fail(Code::peer_fault, "another size than the verified one was claimed");
    drop_all();
    // The row lets go before the files do.
    size_ = size;
    if (row_id_ != 0) {
      if (auto done = commit_row(false); !done.has_value()) return broke(done.error());
    }
    if (data_) {
      for (rt::File* file : {data_.get(), outboard_.get()}) {
        if (auto cut = file->resize(0); !cut.has_value()) return broke(cut.error());
      }
    }
  }
  size_ = size;
  publish();
  if (is_small()) return {};
  // The row stands before the first byte, so that after a kill the bytes are found again.
  if (row_id_ == 0) {
    if (auto done = commit_row(false); !done.has_value()) return broke(done.error());
  }
  if (auto done = open_files(true); !done.has_value()) return broke(done.error());
  return {};
}

Result<> FilePartial::mark_size_verified() {
  if (broken_.has_value()) return fail(*broken_);
  if (!size_.has_value()) return fail(Code::bad_input, "no size was claimed");
  if (!size_verified_) row_is_behind_ = true;
  size_verified_ = true;
  const std::lock_guard lock(live_->mutex);
  live_->size_verified = true;
  return {};
}

bool FilePartial::is_whole_group(const bao::VerifiedLeaf& leaf) const {
  const std::uint64_t end = leaf.offset() + leaf.bytes().size();
  return leaf.offset() % kGroupBytes == 0 && (leaf.bytes().size() == kGroupBytes || end == *size_);
}

Result<> FilePartial::check_leaf(const bao::VerifiedLeaf& leaf) const {
  if (broken_.has_value()) return fail(*broken_);
  if (!size_.has_value()) return fail(Code::bad_input, "bytes before a size");
  if (leaf.offset() > *size_ || leaf.bytes().size() > *size_ - leaf.offset()) {
    return fail(Code::bad_input, "bytes beyond the claimed size");
  }
  return {};
}

Result<> FilePartial::write(const bao::VerifiedParent& parent) {
  if (broken_.has_value()) return fail(*broken_);
  if (!parent.node().is_above_group() || !size_.has_value() || is_small()) return {};
  const std::uint64_t index = parent.node().pair_index;
  if (!pairs_.empty() && index != pairs_first_ + pairs_.size() / kPairBytes) TRY_OK(flush_pairs());
  if (pairs_.empty()) pairs_first_ = index;
  append(pairs_, parent.pair());
  if (pairs_.size() >= (64u << 10)) return flush_pairs();
  return {};
}

Result<> FilePartial::write(const bao::VerifiedLeaf& leaf) {
  TRY_OK(check_leaf(leaf));
  if (!is_whole_group(leaf)) return {};
  if (is_small()) {
    small_ = to_bytes(leaf.bytes());
    const ByteView piece = small_;
    return write_run(0, std::span(&piece, 1), small_.size());
  }
  if (!run_.empty() && leaf.offset() != run_begin_ + run_.size()) TRY_OK(flush());
  if (run_.empty()) {
    run_begin_ = leaf.offset();
    run_.reserve(kRunBytes);
  }
  append(run_, leaf.bytes());
  if (run_.size() >= kRunBytes) return flush();
  return {};
}

Result<> FilePartial::write_batch(std::span<const bao::DecodeEvent> events) {
  std::vector<ByteView> pieces;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const auto hand_over = [&]() -> Result<> {
    if (pieces.empty()) return {};
    auto done = write_run(begin, pieces, end - begin);
    pieces.clear();
    return done;
  };
  TRY_OK(flush());
  for (const bao::DecodeEvent& event : events) {
    if (const auto* parent = std::get_if<bao::VerifiedParent>(&event)) {
      TRY_OK(write(*parent));
    } else if (const auto* claim = std::get_if<bao::SizeClaim>(&event)) {
      TRY_OK(hand_over());
      TRY_OK(claim_size(claim->size));
    } else {
      const auto& leaf = std::get<bao::VerifiedLeaf>(event);
      TRY_OK(check_leaf(leaf));
      if (!is_whole_group(leaf)) continue;
      if (is_small()) {
        TRY_OK(write(leaf));
        continue;
      }
      if (!pieces.empty() && leaf.offset() != end) TRY_OK(hand_over());
      if (pieces.empty()) begin = leaf.offset();
      pieces.push_back(leaf.bytes());
      end = leaf.offset() + leaf.bytes().size();
    }
  }
  return hand_over();
}

Result<> FilePartial::flush_pairs() {
  if (pairs_.empty()) return {};
  auto done = outboard_->write_at(pairs_first_ * kPairBytes, pairs_);
  pairs_.clear();
  if (!done.has_value()) return broke(done.error());
  return {};
}

Result<> FilePartial::write_run(std::uint64_t offset, std::span<const ByteView> pieces,
                                std::uint64_t length) {
  if (!is_small()) {
    // Inner hashes first: a group in the file can then always be verified again after a kill.
    TRY_OK(flush_pairs());
    if (auto done = data_->write_at(offset, pieces); !done.has_value()) return broke(done.error());
  }
  const std::uint64_t first = offset / kChunkBytes;
  const std::uint64_t end = length == 0 ? 1 : (offset + length + kChunkBytes - 1) / kChunkBytes;
  have_.add(first, end);
  verified_.add(first, end);
  row_is_behind_ = true;
  unsynced_bytes_ += length;
  {
    const std::lock_guard lock(live_->mutex);
    live_->have.add(first, end);
    if (is_small() && !live_->complete) live_->small = small_;
  }
  if (unsynced_bytes_ >= kCheckpointBytes) return checkpoint();
  return {};
}

Result<> FilePartial::flush() {
  if (broken_.has_value()) return fail(*broken_);
  if (!run_.empty()) {
    const Bytes run = std::move(run_);
    run_ = {};
    const ByteView piece = run;
    TRY_OK(write_run(run_begin_, std::span(&piece, 1), run.size()));
  }
  return flush_pairs();
}

}  // namespace archy::store
