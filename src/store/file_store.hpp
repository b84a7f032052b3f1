// The store in a data directory: files for the bytes, store.db for what they are.
//
// Write order of everything (B8): temporary file -> fdatasync -> rename -> fsync of the folder ->
// row. A row never claims bytes that are not durable. A failed fsync is final for its file (B9):
// nothing of it is listed or served until the next start has verified it again.
//
// Thread: any. Invariants: (1) index_, live_ and the batch are touched under mutex_ only; (2) no
// file is scanned under it; (3) rows go before files when a blob is removed, after them when one
// arrives.
#pragma once

#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "rt/env.hpp"
#include "store/blob_store.hpp"
#include "store/content_pass.hpp"
#include "store/file_reader.hpp"
#include "store/index.hpp"
#include "store/layout.hpp"

namespace archy::store {

struct StoreOptions {
  std::string sqlite_vfs;     // name of the SQLite VFS to use; empty: the default
  bool sha256_thread = true;  // SHA-256 of large files on a helper thread
};

// Makes the directory's folders where missing. Errors: corrupt (store.db is damaged, or missing
// although there are blobs: see rebuild.hpp), locked (another process), unsupported (a newer
// program's store), denied, no_space, io. Lifetime: what `env` refers to outlives the store.
Result<std::unique_ptr<BlobStore>> open_file_store(rt::Env& env, const rt::Path& data_dir,
                                                   StoreOptions options);
// The same from its parts.
Result<std::unique_ptr<BlobStore>> open_file_store(rt::Files& files, rt::Clock& clock,
                                                   rt::Random& random, const rt::Path& data_dir,
                                                   StoreOptions options);

class FilePartial;

class FileStore final : public BlobStore {
 public:
  FileStore(rt::Files& files, rt::Clock& clock, rt::Random& random, Layout layout,
            StoreOptions options, std::unique_ptr<Index> index);
  ~FileStore() override;

  Result<std::unique_ptr<Batch>> batch() override;
  Result<Imported> add_file(const rt::Path& path, AddMode mode, const ProgressFn& progress,
                            std::stop_token stop) override;
  Result<Imported> add_bytes(ByteView bytes) override;
  Result<Imported> adopt_file(const rt::Path& temp, const Blake3Hash& expected,
                              const ProgressFn& progress, std::stop_token stop) override;
  Result<rt::Path> new_temp_path(std::string_view stem) override;

  Result<std::optional<BlobInfo>> info(const Blake3Hash& hash) override;
  Result<std::vector<BlobInfo>> list() override;
  Result<Sha256Digest> sha256(const Blake3Hash& hash, const ProgressFn& progress,
                              std::stop_token stop) override;
  Result<std::unique_ptr<BlobReader>> reader(const Blake3Hash& hash) override;
  Result<std::shared_ptr<PartialBlob>> partial(const Blake3Hash& hash) override;
  Result<> remove(const Blake3Hash& hash, bool force) override;
  Result<> export_blob(const Blake3Hash& hash, const rt::Path& to, ExportMode mode,
                       const ProgressFn& progress, std::stop_token stop) override;

  Result<> set_name(const std::string& name, const HashAndFormat& target) override;
  Result<> remove_name(const std::string& name) override;
  Result<std::vector<std::pair<std::string, HashAndFormat>>> names() override;
  Result<> set_pin(const HashAndFormat& target, bool pinned) override;
  Result<std::vector<HashAndFormat>> pins() override;
  Result<> set_offer(const HashAndFormat& target, std::optional<OfferClass> offered) override;
  Result<> ensure_offered(const HashAndFormat& target) override;
  Result<std::optional<OfferClass>> offer(const Blake3Hash& hash) override;
  Result<std::uint64_t> size_with_children(const Blake3Hash& hash) override;
  Result<std::vector<std::pair<HashAndFormat, OfferClass>>> offers() override;

  Result<VerifyReport> verify(const VerifyOptions& options, const ProgressFn& progress,
                              std::stop_token stop) override;
  Result<GcReport> gc(const GcOptions& options) override;

  // For opening: finishes or forgets what a crash cut in a hand-over.
  Result<> settle_handovers();
  // For rebuilding: lists a file of blobs/ that has no row, where it stands. Errors: corrupt (it
  // does not hash to its name: it stays, unlisted).
  Result<Imported> list_sound_file(const Blake3Hash& hash, const rt::Path& path,
                                   const ProgressFn& progress, std::stop_token stop);

 private:
  friend class FilePartial;
  class FileBatch;
  class Check;  // one run of verify()

  // --- rows (all: under mutex_)
  // Runs `change` as one transaction. `deferrable`: within a batch its commit may wait.
  Result<> change_rows(bool deferrable, const std::function<Result<>(Index&)>& change);
  Result<> commit_batch();
  std::shared_ptr<LiveBlob> live_for(const Blake3Hash& hash);
  std::shared_ptr<LiveBlob> live_if_open(const Blake3Hash& hash);
  Result<BlobInfo> info_of(const BlobRow& row);
  // The user's file is still the one that was added.
  bool external_is_current(const ExternalFile& file);
  Result<std::unique_ptr<FileReader>> make_reader(const BlobRow& row);
  // Removes row, then files. Live readers are told.
  Result<> drop_blob(const BlobRow& row);
  // Points to something that may be a hash sequence: keeps its children if the root is complete.
  Result<> expand_sequence(Index& index, const Blake3Hash& root);

  // --- arrival of complete blobs
  struct Arrival {
    Imported what;
    Location location = Location::owned;
    ByteView inline_bytes;                 // inlined
    std::optional<ExternalFile> external;  // external
    rt::Path temp_data;                    // owned
    rt::Path temp_outboard;                // owned and external, above one group
  };
  Result<> admit(const Arrival& arrival);
  // Requires: mutex_ held.
  Result<> note_sha256(const BlobRow& row, const Sha256Digest& sha256);
  Result<Imported> add_small(ByteView bytes);

  // --- hand-over of own files (file_handover.cpp)
  // False: not done, to be copied. Requires: mutex_ not held.
  Result<bool> hand_over(const Blake3Hash& hash, const rt::Path& to);
  // Where the file of an intent is, made the row's truth; or the blob is gone and its row goes.
  Result<> settle_handover(const BlobRow& row, const ExternalFile& intent);
  Result<> note_handed_over(const BlobRow& row, const ExternalFile& file);

  ContentPass::Options pass_options() const { return {true, options_.sha256_thread}; }

  rt::Files& files_;
  rt::Clock& clock_;
  rt::Random& random_;
  const Layout layout_;
  const StoreOptions options_;

  std::mutex mutex_;  // guards what follows
  std::unique_ptr<Index> index_;
  std::unordered_map<Blake3Hash, std::weak_ptr<LiveBlob>> live_;
  std::unordered_set<Blake3Hash> failed_;  // whose fsync failed since the start
  int batches_ = 0;
  std::optional<db::Transaction> deferred_;
  std::size_t deferred_rows_ = 0;
  // Answers of offer() and size_with_children() since the last change of any row. Every request for
  // a blob asks.
  std::unordered_map<Blake3Hash, std::optional<OfferClass>> known_offers_;
  std::unordered_map<Blake3Hash, std::uint64_t> known_sizes_;
};

}  // namespace archy::store
