// Reads one blob of a FileStore: whole or in parts, from its own file, the user's, or memory.
// Thread: one at a time. Files are opened when first needed: a partial may not have any yet.
#pragma once

#include "store/blob_store.hpp"
#include "store/live_blob.hpp"
#include "store/outboard_file.hpp"

namespace archy::store {

struct ReadPaths {
  rt::Path data;
  rt::Path outboard;
  std::optional<rt::FileStamp> stamp;  // of a user's file: another one is refused
};

class FileReader final : public BlobReader {
 public:
  // Lifetime: `files` outlives the reader.
  FileReader(rt::Files& files, std::shared_ptr<LiveBlob> live, ReadPaths paths)
      : files_(files), live_(std::move(live)), paths_(std::move(paths)) {}

  const Blake3Hash& hash() const override { return live_->hash; }
  std::uint64_t size() const override;
  bool complete() const override;
  bao::ChunkRanges have() const override;
  Result<ByteView> data(std::uint64_t offset, std::size_t length) override;
  Result<bao::Pair> pair(std::uint64_t pair_index) override;

  // Opens the data file now. Errors: not_found where it is gone or, for a user's file, has changed.
  Result<> open_data();

 private:
  // A scan reads ahead twice as far each time: the first group goes out before the rest is read.
  static constexpr std::size_t kFirstAheadBytes = 16u << 10;
  static constexpr std::size_t kAheadBytes = 256u << 10;

  rt::Files& files_;
  std::shared_ptr<LiveBlob> live_;
  ReadPaths paths_;
  std::unique_ptr<rt::File> data_;
  std::unique_ptr<rt::File> outboard_;
  PairWindows pairs_;
  Bytes window_;
  std::uint64_t window_begin_ = 0;
  std::uint64_t next_ = 0;  // where a scan would go on
  std::size_t ahead_ = kFirstAheadBytes;
  std::uint64_t generation_ = 0;
};

}  // namespace archy::store
