// A blob of a FileStore that is arriving. Leaves gather in a 256 KiB run and go to the file in one
// write, after the inner hashes they need; the row follows at checkpoints, after both files'
// fdatasync. Blobs of one group live in memory until they are finished.
//
// Thread: one at a time. Lifetime: the store outlives it. Invariants: (1) live->have names only
// groups that are in the file together with all their ancestors' pairs; (2) the row names only
// groups that are durable; (3) after a failed write or sync nothing more is written (broken_);
// (4) what is finished hashed right in this process: what only the row vouched for is read again.
#pragma once

#include "store/file_store.hpp"
#include "store/held_groups.hpp"

namespace archy::store {

class FilePartial final : public PartialBlob {
 public:
  FilePartial(FileStore& store, std::shared_ptr<LiveBlob> live)
      : store_(store), live_(std::move(live)) {}
  ~FilePartial() override;

  // Takes over what an earlier writer left: what its row says, and what beyond it verifies.
  Result<> resume(const BlobRow& row);

  const Blake3Hash& hash() const override { return live_->hash; }
  std::optional<std::uint64_t> size() const override { return size_; }
  bool size_verified() const override { return size_verified_; }
  Result<> claim_size(std::uint64_t size) override;
  Result<> mark_size_verified() override;
  const bao::ChunkRanges& have() const override { return have_; }
  Result<> write(const bao::VerifiedParent& parent) override;
  Result<> write(const bao::VerifiedLeaf& leaf) override;
  Result<> write_batch(std::span<const bao::DecodeEvent> events) override;
  Result<> flush() override;
  Result<> checkpoint() override;
  bool is_complete() const override;
  Result<Imported> finish() override;
  Result<std::unique_ptr<BlobReader>> reader() override;

 private:
  static constexpr std::size_t kRunBytes = 256u << 10;
  static constexpr std::uint64_t kCheckpointBytes = 64u << 20;

  bool is_small() const;
  // The whole blob arrived another way meanwhile (an import, an adopted file): this writer changes
  // nothing more.
  bool superseded() const;
  Result<Imported> finish_superseded();
  bool is_whole_group(const bao::VerifiedLeaf& leaf) const;
  Result<> open_files(bool fresh);
  // Writes the leaves that lie back to back from `offset`, then counts them.
  Result<> write_run(std::uint64_t offset, std::span<const ByteView> pieces, std::uint64_t length);
  Result<> flush_pairs();
  Result<> check_leaf(const bao::VerifiedLeaf& leaf) const;
  Result<> commit_row(bool complete);
  Result<> sync_files();
  // After a failed write: sticky.
  std::unexpected<Error> broke(const Error& error);
  // After a failed sync (B9): the row claims nothing, the blob is not served until the next start.
  std::unexpected<Error> sync_failed(const Error& error);
  void publish();
  void drop_all();
  Result<Imported> finish_small();
  // Whether all inner hashes are in the file and hash to the blob's name. Cost: 1/256 of the blob.
  Result<bool> outboard_is_whole();
  Result<> rewrite_outboard();
  Result<HeldGroups> scan(const bao::ChunkRanges& wanted);
  Result<> drop_damaged();

  FileStore& store_;
  std::shared_ptr<LiveBlob> live_;
  std::int64_t row_id_ = 0;
  std::optional<std::uint64_t> size_;
  bool size_verified_ = false;
  bool finished_ = false;
  bao::ChunkRanges have_;
  bao::ChunkRanges verified_;  // of that, what hashed right since this writer was opened
  std::optional<Error> broken_;
  std::unique_ptr<rt::File> data_;
  std::unique_ptr<rt::File> outboard_;
  Bytes run_;  // leaves waiting, back to back from run_begin_
  std::uint64_t run_begin_ = 0;
  Bytes pairs_;  // pairs waiting, back to back from pairs_first_
  std::uint64_t pairs_first_ = 0;
  std::uint64_t unsynced_bytes_ = 0;
  bool row_is_behind_ = false;
  bool folder_synced_ = false;
  Bytes small_;
};

}  // namespace archy::store
