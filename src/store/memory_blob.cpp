#include "store/memory_blob.hpp"

#include <algorithm>

#include "bao/group_verifier.hpp"
#include "bao/outboard.hpp"
#include "base/check.hpp"
#include "base/limits.hpp"
#include "crypto/blake3.hpp"
#include "crypto/sha256.hpp"

namespace archy::store {
namespace {

using bao::kChunkBytes;
using bao::kGroupBytes;

class MemoryReader final : public BlobReader {
 public:
  explicit MemoryReader(std::shared_ptr<MemoryBlob> blob) : blob_(std::move(blob)) {}
  const Blake3Hash& hash() const override { return blob_->hash; }
  std::uint64_t size() const override {
    const std::lock_guard lock(blob_->mutex);
    return blob_->size.value_or(0);
  }
  bool complete() const override {
    const std::lock_guard lock(blob_->mutex);
    return blob_->complete;
  }
  bao::ChunkRanges have() const override {
    const std::lock_guard lock(blob_->mutex);
    return blob_->complete ? bao::ChunkRanges::all() : blob_->have;
  }
  Result<ByteView> data(std::uint64_t offset, std::size_t length) override {
    const std::lock_guard lock(blob_->mutex);
    const std::uint64_t size = blob_->size.value_or(0);
    if (blob_->removed || offset > size || length > size - offset) {
      return fail(Code::not_found, "not held");
    }
    const std::uint64_t first = offset / kChunkBytes;
    const std::uint64_t last =
        std::max(first + 1, (offset + length + kChunkBytes - 1) / kChunkBytes);
    if (!blob_->complete && !blob_->have.covers(first, last))
      return fail(Code::not_found, "not held");
    window_.assign(blob_->data.begin() + static_cast<std::ptrdiff_t>(offset),
                   blob_->data.begin() + static_cast<std::ptrdiff_t>(offset + length));
    return ByteView(window_);
  }
  Result<bao::Pair> pair(std::uint64_t pair_index) override {
    const std::lock_guard lock(blob_->mutex);
    const auto found = blob_->pairs.find(pair_index);
    if (blob_->removed || found == blob_->pairs.end()) return fail(Code::not_found, "not held");
    return found->second;
  }

 private:
  std::shared_ptr<MemoryBlob> blob_;
  Bytes window_;
};

class MemoryPartial final : public PartialBlob {
 public:
  explicit MemoryPartial(std::shared_ptr<MemoryBlob> blob) : blob_(std::move(blob)) {
    const std::lock_guard lock(blob_->mutex);
    have_ = blob_->have;
  }
  ~MemoryPartial() override {
    const std::lock_guard lock(blob_->mutex);
    blob_->has_writer = false;
  }
  const Blake3Hash& hash() const override { return blob_->hash; }
  std::optional<std::uint64_t> size() const override {
    const std::lock_guard lock(blob_->mutex);
    return blob_->size;
  }
  bool size_verified() const override {
    const std::lock_guard lock(blob_->mutex);
    return blob_->size_verified;
  }
  Result<> claim_size(std::uint64_t size) override {
    const std::lock_guard lock(blob_->mutex);
    if (size > limits::kBlobBytes) return fail(Code::peer_fault, "an absurd size was claimed");
    if (blob_->size == size || blob_->complete) return {};
    if (blob_->size_verified)
      return fail(Code::peer_fault, "another size than the verified one was claimed");
    blob_->size = size;
    blob_->data.clear();
    blob_->pairs.clear();
    blob_->have = {};
    have_ = {};
    return {};
  }
  Result<> mark_size_verified() override {
    const std::lock_guard lock(blob_->mutex);
    if (!blob_->size.has_value()) return fail(Code::bad_input, "no size was claimed");
    blob_->size_verified = true;
    return {};
  }
  const bao::ChunkRanges& have() const override { return have_; }
  Result<> write(const bao::VerifiedParent& parent) override {
    if (!parent.node().is_above_group()) return {};
    const std::lock_guard lock(blob_->mutex);
    bao::Pair pair;
    std::ranges::copy(parent.pair(), pair.begin());
    blob_->pairs[parent.node().pair_index] = pair;
    return {};
  }
  Result<> write(const bao::VerifiedLeaf& leaf) override {
    const std::lock_guard lock(blob_->mutex);
    if (!blob_->size.has_value()) return fail(Code::bad_input, "bytes before a size");
    const std::uint64_t end = leaf.offset() + leaf.bytes().size();
    if (end > *blob_->size) return fail(Code::bad_input, "bytes beyond the claimed size");
    const bool whole = leaf.offset() % kGroupBytes == 0 &&
                       (leaf.bytes().size() == kGroupBytes || end == *blob_->size);
    if (!whole || blob_->complete) return {};
    // Grows with what was verified, never with what was claimed.
    if (blob_->data.size() < end) blob_->data.resize(end);
    std::ranges::copy(leaf.bytes(),
                      blob_->data.begin() + static_cast<std::ptrdiff_t>(leaf.offset()));
    const std::uint64_t first = leaf.offset() / kChunkBytes;
    blob_->have.add(first, std::max(first + 1, (end + kChunkBytes - 1) / kChunkBytes));
    have_ = blob_->have;
    return {};
  }
  Result<> flush() override { return {}; }
  Result<> checkpoint() override { return {}; }
  bool is_complete() const override {
    const std::lock_guard lock(blob_->mutex);
    return blob_->complete ||
           (blob_->size.has_value() && blob_->have.covers(0, bao::Tree(*blob_->size).chunks()));
  }
  Result<Imported> finish() override {
    CHECK(is_complete());
    const bao::ChunkRanges bad = damaged_groups(*blob_);
    const std::lock_guard lock(blob_->mutex);
    if (!blob_->complete) {
      if (!bad.is_empty() || crypto::blake3(blob_->data) != blob_->hash) {
        blob_->have = blob_->have - bad;
        have_ = blob_->have;
        return fail(Code::corrupt, "the blob does not read back as it was verified");
      }
      blob_->complete = true;
      blob_->size_verified = true;
    }
    blob_->has_writer = false;
    return Imported{blob_->hash, blob_->sha256, *blob_->size};
  }
  Result<std::unique_ptr<BlobReader>> reader() override { return make_memory_reader(blob_); }

 private:
  std::shared_ptr<MemoryBlob> blob_;
  bao::ChunkRanges have_;  // the writer's own copy, for references
};

}  // namespace

std::shared_ptr<MemoryBlob> make_memory_blob(ByteView bytes, std::int64_t now_ms) {
  auto blob = std::make_shared<MemoryBlob>();
  bao::OutboardBuilder builder(
      bytes.size(), [&blob](std::uint64_t first, ByteView pairs) -> Result<> {
        for (; !pairs.empty(); pairs = pairs.subspan(bao::kPairBytes)) {
          std::copy_n(pairs.begin(), bao::kPairBytes, blob->pairs[first++].begin());
        }
        return {};
      });
  CHECK(builder.update(bytes).has_value());
  auto hash = builder.finish();
  CHECK(hash.has_value());
  blob->hash = *hash;
  blob->sha256 = crypto::sha256(bytes);
  blob->size = bytes.size();
  blob->size_verified = true;
  blob->complete = true;
  blob->added_ms = now_ms;
  blob->data = to_bytes(bytes);
  return blob;
}

std::unique_ptr<BlobReader> make_memory_reader(std::shared_ptr<MemoryBlob> blob) {
  return std::make_unique<MemoryReader>(std::move(blob));
}

std::shared_ptr<PartialBlob> make_memory_partial(std::shared_ptr<MemoryBlob> blob) {
  return std::make_shared<MemoryPartial>(std::move(blob));
}

bao::ChunkRanges damaged_groups(MemoryBlob& blob) {
  const std::lock_guard lock(blob.mutex);
  bao::ChunkRanges bad;
  if (!blob.size.has_value()) return bad;
  bao::GroupVerifier verifier(blob.hash, *blob.size,
                              [&blob](std::uint64_t index) -> Result<bao::Pair> {
                                const auto found = blob.pairs.find(index);
                                if (found == blob.pairs.end())
                                  return fail(Code::not_found, "no such pair");
                                return found->second;
                              });
  const std::uint64_t chunks = verifier.tree().chunks();
  for (std::uint64_t group = 0; group < verifier.tree().groups(); ++group) {
    const std::uint64_t first = group * bao::kGroupChunks;
    const std::uint64_t end = std::min(first + bao::kGroupChunks, chunks);
    if (!blob.complete && !blob.have.covers(first, end)) continue;
    const std::uint64_t begin = std::min<std::uint64_t>(group * kGroupBytes, blob.data.size());
    const std::uint64_t stop =
        std::min<std::uint64_t>({begin + kGroupBytes, *blob.size, blob.data.size()});
    bool good = false;
    (void)verifier.check_groups(group, ByteView(blob.data).subspan(begin, stop - begin),
                                [&good](std::uint64_t, const bao::VerifiedLeaf* leaf) -> Result<> {
                                  good = leaf != nullptr;
                                  return {};
                                });
    if (!good) bad.add(first, end);
  }
  return bad;
}

}  // namespace archy::store
