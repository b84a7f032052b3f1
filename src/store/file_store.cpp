#include "store/file_store.hpp"

#include <fmt/core.h>

#include "base/log.hpp"
#include "crypto/blake3.hpp"
#include "store/schema.hpp"

namespace archy::store {
namespace {

constexpr std::size_t kBatchRows = 1000;

// Everything in tmp/ but orphans/ was left by a process that is gone: the database's lock says
// nobody else is here.
Result<> clear_tmp(rt::Files& files, const Layout& layout) {
  TRY(entries, files.list(layout.tmp()));
  for (const rt::DirEntry& entry : entries) {
    if (entry.kind == rt::FileKind::regular) TRY_OK(files.remove(layout.tmp() / entry.name));
  }
  return {};
}

Result<bool> holds_blobs(rt::Files& files, const Layout& layout) {
  TRY(shards, files.list(layout.blobs()));
  for (const rt::DirEntry& shard : shards) {
    if (shard.kind != rt::FileKind::directory) continue;
    TRY(entries, files.list(layout.blobs() / shard.name));
    if (!entries.empty()) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<BlobStore>> open_file_store(rt::Env& env, const rt::Path& data_dir,
                                                   StoreOptions options) {
  return open_file_store(env.files, env.clock, env.random, data_dir, std::move(options));
}

Result<std::unique_ptr<BlobStore>> open_file_store(rt::Files& files, rt::Clock& clock,
                                                   rt::Random& random, const rt::Path& data_dir,
                                                   StoreOptions options) {
  Layout layout(data_dir);
  TRY_OK(layout.make(files));
  if (auto there = files.kind(layout.database()); !there.has_value()) {
    if (there.error().code != Code::not_found) return fail(there.error());
    TRY(blobs, holds_blobs(files, layout));
    if (blobs)
      return fail(Code::corrupt, "store.db is missing although there are blobs: rebuild it");
  }
  TRY(connection, db::Connection::open(files, layout.database(), store_schema(),
                                       {.vfs = options.sqlite_vfs, .quick_check = true}));
  TRY_OK(clear_tmp(files, layout));
  auto store =
      std::make_unique<FileStore>(files, clock, random, std::move(layout), std::move(options),
                                  std::make_unique<Index>(std::move(connection)));
  TRY_OK(store->settle_handovers());
  return std::unique_ptr<BlobStore>(std::move(store));
}

FileStore::FileStore(rt::Files& files, rt::Clock& clock, rt::Random& random, Layout layout,
                     StoreOptions options, std::unique_ptr<Index> index)
    : files_(files),
      clock_(clock),
      random_(random),
      layout_(std::move(layout)),
      options_(std::move(options)),
      index_(std::move(index)) {}

FileStore::~FileStore() {
  const std::lock_guard lock(mutex_);
  if (auto done = commit_batch(); !done.has_value()) {
    log::error("store", "{}", to_string(done.error()));
  }
}

// --- batches and rows

class FileStore::FileBatch final : public Batch {
 public:
  explicit FileBatch(FileStore& store) : store_(store) {}
  ~FileBatch() override {
    const std::lock_guard lock(store_.mutex_);
    --store_.batches_;
    if (auto done = store_.commit_batch(); !done.has_value()) {
      log::error("store", "a batch was lost: {}", to_string(done.error()));
    }
  }
  Result<> commit() override {
    const std::lock_guard lock(store_.mutex_);
    return store_.commit_batch();
  }

 private:
  FileStore& store_;
};

Result<std::unique_ptr<Batch>> FileStore::batch() {
  const std::lock_guard lock(mutex_);
  ++batches_;
  return std::unique_ptr<Batch>(std::make_unique<FileBatch>(*this));
}

Result<> FileStore::commit_batch() {
  known_offers_.clear();
  known_sizes_.clear();
  if (!deferred_.has_value()) return {};
  auto done = deferred_->commit();
  deferred_.reset();
  deferred_rows_ = 0;
  return done;
}

Result<> FileStore::change_rows(bool deferrable, const std::function<Result<>(Index&)>& change) {
  known_offers_.clear();
  known_sizes_.clear();
  const bool deferring = deferrable && batches_ > 0;
  if (!deferring) {
    TRY_OK(commit_batch());
  } else if (!deferred_.has_value()) {
    TRY(outer, index_->begin());
    deferred_.emplace(std::move(outer));
  }
  TRY(transaction, index_->begin());
  TRY_OK(change(*index_));
  TRY_OK(transaction.commit());
  if (deferring && ++deferred_rows_ >= kBatchRows) return commit_batch();
  return {};
}

// --- live blobs

std::shared_ptr<LiveBlob> FileStore::live_if_open(const Blake3Hash& hash) {
  const auto found = live_.find(hash);
  return found == live_.end() ? nullptr : found->second.lock();
}

std::shared_ptr<LiveBlob> FileStore::live_for(const Blake3Hash& hash) {
  if (auto live = live_if_open(hash)) return live;
  if (live_.size() >= 1024)
    std::erase_if(live_, [](const auto& entry) { return entry.second.expired(); });
  auto live = std::make_shared<LiveBlob>(hash);
  live_[hash] = live;
  return live;
}

// --- looking things up

bool FileStore::external_is_current(const ExternalFile& file) {
  auto opened = files_.open(file.path, rt::Open::read);
  if (!opened.has_value()) return false;
  auto now = (*opened)->stamp();
  return now.has_value() && *now == file.stamp;
}

Result<BlobInfo> FileStore::info_of(const BlobRow& row) {
  BlobInfo info;
  info.hash = row.hash;
  info.sha256 = row.sha256;
  info.size = row.size;
  info.size_verified = row.size_state == SizeState::verified;
  info.complete = row.complete;
  info.location = row.location;
  if (row.location == Location::external) {
    TRY(file, index_->external(row.id));
    info.external_path = file.path;
    // A file that changed holds nothing of this blob any more, as far as anybody knows.
    if (!external_is_current(file)) info.complete = false;
  } else if (row.complete) {
    info.have = bao::ChunkRanges::all();
  } else if (auto live = live_if_open(row.hash)) {
    const std::lock_guard live_lock(live->mutex);
    info.have = live->have;
    info.size = live->size.value_or(row.size);
    info.size_verified = live->size_verified;
  } else if (auto have = index_->have(row.id); have.has_value()) {
    info.have = std::move(*have);
  }
  if (info.complete) info.have = bao::ChunkRanges::all();
  return info;
}

Result<std::optional<BlobInfo>> FileStore::info(const Blake3Hash& hash) {
  const std::lock_guard lock(mutex_);
  TRY(row, index_->find(hash));
  if (!row.has_value()) return std::optional<BlobInfo>{};
  TRY(info, info_of(*row));
  return std::optional<BlobInfo>(std::move(info));
}

Result<std::vector<BlobInfo>> FileStore::list() {
  std::vector<BlobInfo> out;
  std::int64_t after = 0;
  for (;;) {
    const std::lock_guard lock(mutex_);
    TRY(rows, index_->page(after, 256));
    if (rows.empty()) return out;
    for (const BlobRow& row : rows) {
      TRY(info, info_of(row));
      out.push_back(std::move(info));
      after = row.id;
    }
  }
}

Result<std::unique_ptr<FileReader>> FileStore::make_reader(const BlobRow& row) {
  if (failed_.contains(row.hash)) return fail(Code::io, "the blob's file failed to reach the disk");
  ReadPaths paths{layout_.data(row.hash), layout_.outboard(row.hash), std::nullopt};
  if (row.location == Location::external) {
    TRY(file, index_->external(row.id));
    paths.data = file.path;
    paths.stamp = file.stamp;
  }
  auto live = live_for(row.hash);
  {
    const std::lock_guard live_lock(live->mutex);
    // A writer keeps all this up by itself.
    if (!live->has_writer && !live->removed) {
      live->size = row.size;
      live->size_verified = row.size_state == SizeState::verified;
      live->complete = row.complete;
      if (!row.complete) {
        auto have = index_->have(row.id);
        live->have = have.has_value() ? std::move(*have) : bao::ChunkRanges{};
      }
      if (row.location == Location::inlined && (live->small.empty() && row.size > 0)) {
        TRY(bytes, index_->inline_data(row.id));
        if (bytes.size() != row.size)
          return fail(Code::corrupt, "an inline blob has the wrong length");
        live->small = std::move(bytes);
      }
    }
  }
  auto reader = std::make_unique<FileReader>(files_, std::move(live), std::move(paths));
  // A user's file that changed is found now, not in the middle of an answer.
  if (row.complete && row.location != Location::inlined) TRY_OK(reader->open_data());
  return reader;
}

Result<std::unique_ptr<BlobReader>> FileStore::reader(const Blake3Hash& hash) {
  const std::lock_guard lock(mutex_);
  TRY(row, index_->find(hash));
  if (!row.has_value()) return fail(Code::not_found, "no such blob");
  TRY(made, make_reader(*row));
  return std::unique_ptr<BlobReader>(std::move(made));
}

// --- removal

Result<> FileStore::drop_blob(const BlobRow& row) {
  TRY_OK(change_rows(false, [&row](Index& index) { return index.erase(row.id); }));
  if (auto live = live_if_open(row.hash)) {
    const std::lock_guard live_lock(live->mutex);
    live->removed = true;
  }
  live_.erase(row.hash);
  if (row.location == Location::inlined) return {};
  // From here on a failure leaves files without a row, which gc finds.
  if (row.location == Location::owned) TRY_OK(remove_if_there(files_, layout_.data(row.hash)));
  return remove_if_there(files_, layout_.outboard(row.hash));
}

Result<> FileStore::remove(const Blake3Hash& hash, bool force) {
  const std::lock_guard lock(mutex_);
  TRY(row, index_->find(hash));
  if (!row.has_value()) return fail(Code::not_found, "no such blob");
  if (auto live = live_if_open(hash)) {
    const std::lock_guard live_lock(live->mutex);
    if (live->has_writer) return fail(Code::locked, "the blob is being fetched");
  }
  TRY(held, index_->is_held(hash));
  if (held && !force) return fail(Code::denied, "a name or a pin holds the blob");
  TRY_OK(change_rows(false, [&hash](Index& index) { return index.release(hash); }));
  return drop_blob(*row);
}

Result<rt::Path> FileStore::new_temp_path(std::string_view stem) {
  std::string name;
  for (const char c : stem.substr(0, 64)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (plain) name += c;
  }
  std::uint8_t salt[8];
  {
    const std::lock_guard lock(mutex_);
    random_.fill(salt);
  }
  return layout_.tmp() / fmt::format("{}-{}.tmp", name.empty() ? "temp" : name, to_hex(salt));
}

}  // namespace archy::store
