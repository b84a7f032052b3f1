#include "store/memory_store.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "crypto/blake3.hpp"
#include "crypto/sha256.hpp"
#include "store/memory_blob.hpp"

namespace archy::store {
namespace {

class MemoryStore final : public BlobStore {
 public:
  MemoryStore(rt::Files& files, rt::Clock& clock, rt::Random& random, rt::Path temp_dir)
      : files_(files), clock_(clock), random_(random), temp_dir_(std::move(temp_dir)) {}

  Result<std::unique_ptr<Batch>> batch() override {
    class Nothing final : public Batch {
      Result<> commit() override { return {}; }
    };
    return std::unique_ptr<Batch>(std::make_unique<Nothing>());
  }
  Result<Imported> add_file(const rt::Path& path, AddMode, const ProgressFn& progress,
                            std::stop_token stop) override {
    TRY(bytes, read_file(path, progress, stop));
    return add_bytes(bytes);
  }
  Result<Imported> add_bytes(ByteView bytes) override {
    auto made = make_memory_blob(bytes, clock_.unix_ms());
    Imported what{made->hash, *made->sha256, bytes.size()};
    const std::lock_guard lock(mutex_);
    auto& slot = blobs_[made->hash];
    if (!slot) {
      slot = std::move(made);
      return what;
    }
    // Readers and a writer that are open see it become complete.
    const std::lock_guard blob_lock(slot->mutex);
    slot->data = std::move(made->data);
    slot->pairs = std::move(made->pairs);
    slot->sha256 = made->sha256;
    slot->size = made->size;
    slot->size_verified = slot->complete = true;
    return what;
  }
  Result<Imported> adopt_file(const rt::Path& temp, const Blake3Hash& expected,
                              const ProgressFn& progress, std::stop_token stop) override {
    auto bytes = read_file(temp, progress, stop);
    (void)files_.remove(temp);
    if (!bytes.has_value()) return fail(bytes.error());
    if (crypto::blake3(*bytes) != expected)
      return fail(Code::corrupt, "the bytes have another hash");
    return add_bytes(*bytes);
  }
  Result<rt::Path> new_temp_path(std::string_view) override {
    std::uint8_t salt[8];
    random_.fill(salt);
    return temp_dir_ / (to_hex(salt) + ".tmp");
  }

  Result<std::optional<BlobInfo>> info(const Blake3Hash& hash) override {
    const auto blob = find(hash);
    if (!blob) return std::optional<BlobInfo>{};
    return std::optional<BlobInfo>(info_of(*blob));
  }
  Result<std::vector<BlobInfo>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<BlobInfo> out;
    for (const auto& [hash, blob] : blobs_) out.push_back(info_of(*blob));
    return out;
  }
  Result<std::unique_ptr<BlobReader>> reader(const Blake3Hash& hash) override {
    auto blob = find(hash);
    if (!blob) return fail(Code::not_found, "no such blob");
    return make_memory_reader(std::move(blob));
  }
  Result<std::shared_ptr<PartialBlob>> partial(const Blake3Hash& hash) override {
    const std::lock_guard lock(mutex_);
    auto& blob = blobs_[hash];
    if (!blob) {
      blob = std::make_shared<MemoryBlob>();
      blob->hash = hash;
      blob->added_ms = clock_.unix_ms();
    }
    {
      const std::lock_guard blob_lock(blob->mutex);
      if (blob->complete) return fail(Code::bad_input, "the blob is complete already");
      if (blob->has_writer) return fail(Code::locked, "the blob is being fetched already");
      blob->has_writer = true;
    }
    return make_memory_partial(blob);
  }
  Result<> remove(const Blake3Hash& hash, bool force) override {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(hash);
    if (found == blobs_.end()) return fail(Code::not_found, "no such blob");
    {
      const std::lock_guard blob_lock(found->second->mutex);
      if (found->second->has_writer) return fail(Code::locked, "the blob is being fetched");
    }
    const auto points_here = [&](const HashAndFormat& target) { return target.hash == hash; };
    const auto named = [&](const auto& entry) { return points_here(entry.second); };
    const bool held = std::ranges::any_of(names_, named) || std::ranges::any_of(pins_, points_here);
    if (held && !force) return fail(Code::denied, "a name or a pin holds the blob");
    std::erase_if(names_, named);
    std::erase_if(pins_, points_here);
    std::erase_if(offers_, [&](const auto& entry) { return points_here(entry.first); });
    erase(found);
    return {};
  }
  Result<Sha256Digest> sha256(const Blake3Hash& hash, const ProgressFn&, std::stop_token) override {
    const auto blob = find(hash);
    if (!blob) return fail(Code::not_found, "no such complete blob");
    const std::lock_guard blob_lock(blob->mutex);
    if (!blob->complete) return fail(Code::not_found, "no such complete blob");
    if (crypto::blake3(blob->data) != hash)
      return fail(Code::corrupt, "the stored bytes are damaged");
    if (!blob->sha256.has_value()) blob->sha256 = crypto::sha256(blob->data);
    return *blob->sha256;
  }
  Result<> export_blob(const Blake3Hash& hash, const rt::Path& to, ExportMode, const ProgressFn&,
                       std::stop_token) override {
    const auto blob = find(hash);
    if (!blob) return fail(Code::not_found, "no such complete blob");
    const std::lock_guard blob_lock(blob->mutex);
    if (!blob->complete) return fail(Code::not_found, "no such complete blob");
    if (crypto::blake3(blob->data) != hash)
      return fail(Code::corrupt, "the stored bytes are damaged");
    TRY(file, files_.open(to, rt::Open::create_new));
    return file->write_at(0, blob->data);
  }

  Result<> set_name(const std::string& name, const HashAndFormat& target) override {
    if (name.empty() || name.size() > 4096 || !is_utf8(name)) {
      return fail(Code::bad_input, "a name is 1 to 4096 bytes of UTF-8");
    }
    TRY_OK(check_sequence(target));
    const std::lock_guard lock(mutex_);
    names_[name] = target;
    return {};
  }
  Result<> remove_name(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    if (names_.erase(name) == 0) return fail(Code::not_found, "no such name");
    return {};
  }
  Result<std::vector<std::pair<std::string, HashAndFormat>>> names() override {
    const std::lock_guard lock(mutex_);
    return std::vector<std::pair<std::string, HashAndFormat>>(names_.begin(), names_.end());
  }
  Result<> set_pin(const HashAndFormat& target, bool pinned) override {
    if (pinned) TRY_OK(check_sequence(target));
    const std::lock_guard lock(mutex_);
    pinned ? (void)pins_.insert(target) : (void)pins_.erase(target);
    return {};
  }
  Result<std::vector<HashAndFormat>> pins() override {
    const std::lock_guard lock(mutex_);
    return std::vector<HashAndFormat>(pins_.begin(), pins_.end());
  }
  Result<> set_offer(const HashAndFormat& target, std::optional<OfferClass> offered) override {
    if (offered.has_value()) TRY_OK(check_sequence(target));
    const std::lock_guard lock(mutex_);
    offered.has_value() ? (void)(offers_[target] = *offered) : (void)offers_.erase(target);
    return {};
  }
  Result<> ensure_offered(const HashAndFormat& target) override {
    TRY_OK(check_sequence(target));
    const std::lock_guard lock(mutex_);
    (void)offers_.try_emplace(target, OfferClass::standard);
    return {};
  }
  // Looks at every offer: plain, where FileStore keeps a table.
  Result<std::optional<OfferClass>> offer(const Blake3Hash& hash) override {
    const std::lock_guard lock(mutex_);
    std::optional<OfferClass> out;
    for (const auto& [target, offered] : offers_) {
      const bool is_of_it = target.hash == hash || (target.format == Format::hash_seq &&
                                                    children_of(target.hash).contains(hash));
      if (is_of_it) out = stricter(out.value_or(offered), offered);
    }
    return out;
  }
  Result<std::uint64_t> size_with_children(const Blake3Hash& hash) override {
    const std::lock_guard lock(mutex_);
    const HashAndFormat sequence{hash, Format::hash_seq};
    const auto is_named = [&](const auto& named) { return named.second == sequence; };
    std::set<Blake3Hash> all{hash};
    if (offers_.contains(sequence) || pins_.contains(sequence) ||
        std::ranges::any_of(names_, is_named))
      all.merge(children_of(hash));
    std::uint64_t out = 0;
    for (const Blake3Hash& each : all)
      if (const auto found = blobs_.find(each); found != blobs_.end())
        out += found->second->size.value_or(0);
    return out;
  }
  Result<std::vector<std::pair<HashAndFormat, OfferClass>>> offers() override {
    const std::lock_guard lock(mutex_);
    return std::vector<std::pair<HashAndFormat, OfferClass>>(offers_.begin(), offers_.end());
  }

  Result<VerifyReport> verify(const VerifyOptions& options, const ProgressFn&,
                              std::stop_token) override {
    const std::lock_guard lock(mutex_);
    VerifyReport report;
    if (options.only.has_value() && !blobs_.contains(*options.only))
      return fail(Code::not_found, "no such blob");
    for (const auto& [hash, blob] : blobs_) {
      if (options.only.has_value() && *options.only != hash) continue;
      ++report.blobs;
      report.bytes += blob->data.size();
      const bao::ChunkRanges bad = damaged_groups(*blob);
      if (bad.is_empty()) continue;
      report.damage.push_back({hash, "its bytes do not hash to its name", options.repair});
      if (!options.repair) continue;
      const std::lock_guard blob_lock(blob->mutex);
      const auto all =
          bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(bao::Tree(*blob->size).chunks()));
      blob->have = (blob->complete ? all : blob->have) - bad;
      blob->complete = false;
      blob->sha256.reset();
    }
    return report;
  }
  Result<GcReport> gc(const GcOptions& options) override {
    const std::lock_guard lock(mutex_);
    std::set<Blake3Hash> kept;
    const auto mark = [&](const HashAndFormat& target) {
      kept.insert(target.hash);
      if (target.format == Format::hash_seq) kept.merge(children_of(target.hash));
    };
    for (const auto& [name, target] : names_) mark(target);
    for (const HashAndFormat& target : pins_) mark(target);
    for (const auto& [target, offered] : offers_) mark(target);
    GcReport report;
    for (auto at = blobs_.begin(); at != blobs_.end();) {
      const auto current = at++;
      std::unique_lock blob_lock(current->second->mutex);
      const bool young = clock_.unix_ms() - current->second->added_ms < options.min_age_ms;
      if (kept.contains(current->first) || current->second->has_writer || young) {
        ++report.kept_blobs;
        continue;
      }
      ++report.removed_blobs;
      report.removed_bytes += current->second->size.value_or(0);
      blob_lock.unlock();
      if (!options.dry_run) erase(current);
    }
    return report;
  }

 private:
  using Blobs = std::map<Blake3Hash, std::shared_ptr<MemoryBlob>>;

  std::shared_ptr<MemoryBlob> find(const Blake3Hash& hash) {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(hash);
    return found == blobs_.end() ? nullptr : found->second;
  }
  void erase(Blobs::iterator at) {
    {
      const std::lock_guard blob_lock(at->second->mutex);
      at->second->removed = true;
    }
    blobs_.erase(at);
  }
  static BlobInfo info_of(MemoryBlob& blob) {
    const std::lock_guard lock(blob.mutex);
    BlobInfo info;
    info.hash = blob.hash;
    info.sha256 = blob.sha256;
    info.size = blob.size.value_or(0);
    info.size_verified = blob.size_verified;
    info.complete = blob.complete;
    info.have = blob.complete ? bao::ChunkRanges::all() : blob.have;
    return info;
  }
  Result<> check_sequence(const HashAndFormat& target) {
    if (target.format != Format::hash_seq) return {};
    const auto blob = find(target.hash);
    if (!blob) return {};
    const std::lock_guard lock(blob->mutex);
    if (!blob->complete) return {};
    if (*blob->size % 32 != 0)
      return fail(Code::bad_input, "not a hash sequence: its size is no multiple of 32");
    if (*blob->size / 32 > limits::kSeqChildren)
      return fail(Code::bad_input, "a hash sequence with too many children");
    if (crypto::blake3(blob->data) != target.hash)
      return fail(Code::corrupt, "the hash sequence is damaged");
    return {};
  }
  // Requires: mutex_ held.
  std::set<Blake3Hash> children_of(const Blake3Hash& root) {
    std::set<Blake3Hash> out;
    const auto found = blobs_.find(root);
    if (found == blobs_.end()) return out;
    const std::lock_guard blob_lock(found->second->mutex);
    if (!found->second->complete || found->second->data.size() % 32 != 0) return out;
    for (ByteView rest = found->second->data; !rest.empty(); rest = rest.subspan(32)) {
      out.insert(Blake3Hash::from(rest.first(32)));
    }
    return out;
  }
  Result<Bytes> read_file(const rt::Path& path, const ProgressFn& progress,
                          const std::stop_token& stop) {
    TRY(file, files_.open(path, rt::Open::read));
    TRY(before, file->stamp());
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
    Bytes bytes(before.size + 1);
    TRY(got, file->read_at(0, bytes));
    TRY(after, file->stamp());
    if (got != before.size || after != before) {
      return fail(Code::bad_input, path.native() + " changed while it was added");
    }
    bytes.resize(got);
    if (progress) progress({got, got});
    return bytes;
  }

  rt::Files& files_;
  rt::Clock& clock_;
  rt::Random& random_;
  const rt::Path temp_dir_;
  std::mutex mutex_;  // guards what follows; taken before any blob's own
  Blobs blobs_;
  std::map<std::string, HashAndFormat> names_;
  std::set<HashAndFormat> pins_;
  std::map<HashAndFormat, OfferClass> offers_;
};

}  // namespace

std::unique_ptr<BlobStore> make_memory_store(rt::Files& files, rt::Clock& clock, rt::Random& random,
                                             rt::Path temp_dir) {
  return std::make_unique<MemoryStore>(files, clock, random, std::move(temp_dir));
}

}  // namespace archy::store
