#include "rpc/content_store_source.hpp"

#include <algorithm>
#include <bit>
#include <list>
#include <vector>

#include "bao/group_verifier.hpp"
#include "base/log.hpp"
#include "crypto/blake3.hpp"

namespace archy::rpc {

namespace {

// The inner hashes a blob was read through last: every seek passes the same few at the top of the
// tree. Unverified, as in the file: the verifier checks each again, which costs less than reading
// it. Memory: 72 bytes a slot, at most 4096 slots.
class RecentPairs {
 public:
  explicit RecentPairs(std::uint64_t pairs)
      : slots_(static_cast<std::size_t>(std::min<std::uint64_t>(std::bit_ceil(pairs + 1), 4096))) {}

  Result<bao::Pair> get(std::uint64_t index, store::BlobReader& reader) {
    Slot& slot = slots_[index & (slots_.size() - 1)];
    if (slot.index != index) {
      TRY(pair, reader.pair(index));
      slot = {index, pair};
    }
    return slot.pair;
  }

 private:
  struct Slot {
    std::uint64_t index = ~std::uint64_t{0};
    bao::Pair pair = {};
  };
  std::vector<Slot> slots_;
};

}  // namespace

// One blob with what was verified of its tree so far.
struct StoreContentSource::OpenBlob {
  OpenBlob(const Blake3Hash& of, std::unique_ptr<store::BlobReader> from)
      : hash(of),
        reader(std::move(from)),
        recent(bao::Tree(reader->size()).outboard_bytes() / bao::kPairBytes),
        verifier(hash, reader->size(),
                 [this](std::uint64_t index) { return recent.get(index, *reader); }) {}
  OpenBlob(const OpenBlob&) = delete;
  Blake3Hash hash;
  std::unique_ptr<store::BlobReader> reader;
  RecentPairs recent;
  bao::GroupVerifier verifier;
};

struct StoreContentSource::Shared {
  explicit Shared(store::BlobStore& from) : store(from) {}

  // Errors: not_found.
  Result<std::unique_ptr<OpenBlob>> open(const Blake3Hash& hash) {
    TRY(reader, store.reader(hash));
    if (!reader->complete()) return fail(Code::not_found, "not complete");
    return std::make_unique<OpenBlob>(hash, std::move(reader));
  }
  std::unique_ptr<OpenBlob> take_idle(const Blake3Hash& hash) {
    const auto found = std::ranges::find_if(idle, [&](const auto& b) { return b->hash == hash; });
    if (found == idle.end()) return nullptr;
    auto out = std::move(*found);
    idle.erase(found);
    return out;
  }
  void give_back(std::unique_ptr<OpenBlob> blob) {
    idle.push_front(std::move(blob));
    if (idle.size() > kIdleReaders) idle.pop_back();
  }
  void tell_damage(const Blake3Hash& hash) {
    if (hash != last_damaged) log::warn("content", "{} is damaged on disk", hash.hex());
    last_damaged = hash;
    if (on_damage) on_damage(hash);
  }

  store::BlobStore& store;
  OnDamage on_damage;
  std::list<std::unique_ptr<OpenBlob>> idle;  // last used first
  Blake3Hash last_damaged;                    // the log hears of it once
};

class StoreContentSource::DataReader final : public ContentReader {
 public:
  DataReader(std::shared_ptr<Shared> shared, std::unique_ptr<OpenBlob> blob, bool was_idle)
      : shared_(std::move(shared)), blob_(std::move(blob)), may_be_stale_(was_idle) {}
  ~DataReader() override {
    if (is_sound_) shared_->give_back(std::move(blob_));
  }

  rt::Task<std::uint64_t> size(std::stop_token) override { co_return blob_->reader->size(); }

  rt::Task<ByteView> read(std::uint64_t offset, std::size_t most, std::stop_token) override {
    auto bytes = read_verified(offset, most);
    if (!bytes && bytes.error().code == Code::not_found && may_be_stale_) {
      // The blob was removed and added again while nobody read it.
      CO_TRY(fresh, shared_->open(blob_->hash));
      blob_ = std::move(fresh);
      bytes = read_verified(offset, most);
    }
    may_be_stale_ = false;
    if (!bytes) {
      is_sound_ = false;
      if (bytes.error().code == Code::corrupt) shared_->tell_damage(blob_->hash);
    }
    co_return bytes;
  }

 private:
  static constexpr std::uint64_t kReadBytes = 256u << 10;

  // Whole groups are read and checked, the part that was asked for is handed out.
  Result<ByteView> read_verified(std::uint64_t offset, std::size_t most) {
    const std::uint64_t size = blob_->reader->size();
    if (offset >= size) return fail(Code::internal, "a read past the end");
    const std::uint64_t group = offset / bao::kGroupBytes;
    const std::uint64_t begin = group * bao::kGroupBytes;
    const std::uint64_t wanted_end =
        std::min(offset + std::min<std::uint64_t>(most, kReadBytes), size);
    const std::uint64_t groups_end =
        (wanted_end + bao::kGroupBytes - 1) / bao::kGroupBytes * bao::kGroupBytes;
    const auto length =
        static_cast<std::size_t>(std::min({groups_end, size, begin + kReadBytes}) - begin);
    TRY(bytes, blob_->reader->data(begin, length));
    std::size_t verified = 0;
    const auto keep = [&verified](std::uint64_t, const bao::VerifiedLeaf* leaf) -> Result<> {
      if (leaf == nullptr) return fail(Code::corrupt, "a stored group does not hash");
      verified += leaf->bytes().size();
      return {};
    };
    auto checked = blob_->verifier.check_groups(group, bytes, keep);
    const auto skipped = static_cast<std::size_t>(offset - begin);
    // The groups before a bad one are good.
    if (!checked && verified <= skipped) return fail(checked.error());
    const auto end = std::min(verified, static_cast<std::size_t>(wanted_end - begin));
    return bytes.subspan(skipped, end - skipped);
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<OpenBlob> blob_;
  bool may_be_stale_;
  bool is_sound_ = true;
};

class StoreContentSource::OutboardReader final : public ContentReader {
 public:
  OutboardReader(std::shared_ptr<Shared> shared, std::unique_ptr<OpenBlob> blob)
      : shared_(std::move(shared)), blob_(std::move(blob)) {}

  rt::Task<std::uint64_t> size(std::stop_token) override {
    co_return blob_->verifier.tree().outboard_bytes();
  }

  rt::Task<ByteView> read(std::uint64_t offset, std::size_t most, std::stop_token) override {
    const auto& tree = blob_->verifier.tree();
    const std::uint64_t end = std::min(offset + std::min(most, kReadBytes), tree.outboard_bytes());
    const std::uint64_t first = offset / bao::kPairBytes;
    pairs_.clear();
    for (std::uint64_t index = first; index * bao::kPairBytes < end; ++index) {
      auto added = append_pair(node_of(index));
      if (!added) {
        if (added.error().code == Code::corrupt) shared_->tell_damage(blob_->hash);
        co_return fail(added.error());
      }
    }
    const auto skipped = static_cast<std::size_t>(offset - first * bao::kPairBytes);
    co_return ByteView(pairs_).subspan(skipped, static_cast<std::size_t>(end - offset));
  }

 private:
  static constexpr std::size_t kReadBytes = 64u << 10;

  // The node whose pair stands at `index`. Cost: O(log n).
  bao::Node node_of(std::uint64_t index) const {
    bao::Node node = blob_->verifier.tree().root();
    while (node.pair_index != index) {
      const bao::Node left = node.left();
      node = index < left.pair_index + left.pairs() ? left : node.right();
    }
    return node;
  }
  Result<> append_pair(const bao::Node& node) {
    TRY(expected, blob_->verifier.expected_cv(node));
    TRY(pair, blob_->reader->pair(node.pair_index));
    if (crypto::parent_cv(pair, blob_->verifier.tree().is_root(node)) != expected) {
      return fail(Code::corrupt, "a stored inner hash does not hash");
    }
    append(pairs_, pair);
    return {};
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<OpenBlob> blob_;
  Bytes pairs_;
};

StoreContentSource::StoreContentSource(store::BlobStore& store, StandardIsFree standard_is_free,
                                       OnDamage on_damage)
    : standard_is_free_(std::move(standard_is_free)), shared_(std::make_shared<Shared>(store)) {
  shared_->on_damage = std::move(on_damage);
}

StoreContentSource::~StoreContentSource() = default;

Result<bool> StoreContentSource::may_have(const Blake3Hash& hash) const {
  TRY(offered, shared_->store.offer(hash));
  if (offered == store::OfferClass::public_) return true;
  if (offered != store::OfferClass::standard || !standard_is_free_) return false;
  return standard_is_free_();
}

rt::Task<std::unique_ptr<ContentReader>> StoreContentSource::open(const Blake3Hash& hash,
                                                                  ContentPart part,
                                                                  std::stop_token) {
  CO_TRY(may, may_have(hash));
  if (!may) co_return fail(Code::not_found, "no such blob");
  std::unique_ptr<ContentReader> out;
  if (part == ContentPart::outboard) {
    CO_TRY(blob, shared_->open(hash));
    out = std::make_unique<OutboardReader>(shared_, std::move(blob));
    co_return out;
  }
  auto blob = shared_->take_idle(hash);
  const bool was_idle = blob != nullptr;
  if (!blob) {
    CO_TRY(fresh, shared_->open(hash));
    blob = std::move(fresh);
  }
  out = std::make_unique<DataReader>(shared_, std::move(blob), was_idle);
  co_return out;
}

}  // namespace archy::rpc
