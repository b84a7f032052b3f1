#include "store/file_reader.hpp"

#include <algorithm>

namespace archy::store {

std::uint64_t FileReader::size() const {
  const std::lock_guard lock(live_->mutex);
  return live_->size.value_or(0);
}

bool FileReader::complete() const {
  const std::lock_guard lock(live_->mutex);
  return live_->complete;
}

bao::ChunkRanges FileReader::have() const {
  const std::lock_guard lock(live_->mutex);
  return live_->complete ? bao::ChunkRanges::all() : live_->have;
}

Result<> FileReader::open_data() {
  if (data_) return {};
  TRY(file, files_.open(paths_.data, rt::Open::read));
  if (paths_.stamp.has_value()) {
    TRY(now, file->stamp());
    if (now != *paths_.stamp) {
      return fail(Code::not_found, paths_.data.native() + " has changed since it was added");
    }
  }
  data_ = std::move(file);
  return {};
}

Result<ByteView> FileReader::data(std::uint64_t offset, std::size_t length) {
  std::uint64_t held_end = 0;  // how far the bytes from `offset` are held without a gap
  {
    const std::lock_guard lock(live_->mutex);
    if (live_->removed) return fail(Code::not_found, "the blob was removed");
    if (live_->failed) return fail(Code::io, "the blob's file failed to reach the disk");
    const std::uint64_t size = live_->size.value_or(0);
    if (offset > size || length > size - offset) {
      return fail(Code::not_found, "beyond the end of the blob");
    }
    if (generation_ != live_->generation) {
      generation_ = live_->generation;
      window_.clear();
      pairs_.forget();
    }
    held_end = size;
    if (!live_->complete) {
      const std::uint64_t end = offset + length;
      const std::uint64_t first = offset / bao::kChunkBytes;
      const std::uint64_t last =
          std::max(first + 1, (end + bao::kChunkBytes - 1) / bao::kChunkBytes);
      if (!live_->have.covers(first, last)) return fail(Code::not_found, "that part is not held");
      const auto boundaries = live_->have.boundaries();
      const auto after = std::upper_bound(boundaries.begin(), boundaries.end(), first);
      if (after != boundaries.end() && *after < size / bao::kChunkBytes) {
        held_end = *after * bao::kChunkBytes;
      }
    }
    if (live_->small.size() == size) {
      // A copy: the blob may go while the caller still looks.
      window_.assign(live_->small.begin(), live_->small.end());
      return ByteView(window_).subspan(offset, length);
    }
  }
  if (offset >= window_begin_ && offset + length <= window_begin_ + window_.size()) {
    next_ = offset + length;
    return ByteView(window_).subspan(offset - window_begin_, length);
  }
  TRY_OK(open_data());
  const bool scan = offset == next_;
  const std::uint64_t want =
      scan ? std::clamp<std::uint64_t>(held_end - offset, length, std::max(length, ahead_))
           : length;
  ahead_ = scan ? std::min(2 * ahead_, kAheadBytes) : kFirstAheadBytes;
  window_.resize(want);
  window_begin_ = offset;
  auto got = data_->read_at(offset, window_);
  window_.resize(got.has_value() ? *got : 0);
  if (!got.has_value()) return fail(got.error());
  if (window_.size() < length) return fail(Code::corrupt, "the blob's file is truncated");
  next_ = offset + length;
  return ByteView(window_).first(length);
}

Result<bao::Pair> FileReader::pair(std::uint64_t pair_index) {
  {
    const std::lock_guard lock(live_->mutex);
    if (live_->removed) return fail(Code::not_found, "the blob was removed");
    // What stands in the windows may be holes that have been filled meanwhile: a pair not found is
    // looked up again.
    if (generation_ != live_->generation) {
      generation_ = live_->generation;
      window_.clear();
      pairs_.forget();
    }
  }
  if (!outboard_) {
    TRY(file, files_.open(paths_.outboard, rt::Open::read));
    outboard_ = std::move(file);
  }
  auto found = pairs_.pair(*outboard_, pair_index);
  if (!found.has_value() && found.error().code == Code::not_found) {
    pairs_.forget();
    found = pairs_.pair(*outboard_, pair_index);
  }
  return found;
}

}  // namespace archy::store
