// Where verified items of one blob go while it arrives.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "bao/decoder.hpp"
#include "store/blob_store.hpp"

namespace archy::blobs {

// Thread: the loop.
class BlobSink {
 public:
  virtual ~BlobSink() = default;
  // Items in the order they came: the claimed size first, once, and not before a leaf behind it has
  // verified. The views die with the call. Errors: end the transfer and reach its caller.
  virtual Result<> take(std::span<const bao::DecodeEvent> events) = 0;
  // The claimed size is now as certain as the hash.
  virtual Result<> size_verified(std::uint64_t size) = 0;
};

// Keeps nothing: for proofs.
class NullSink final : public BlobSink {
 public:
  Result<> take(std::span<const bao::DecodeEvent>) override { return {}; }
  Result<> size_verified(std::uint64_t) override { return {}; }
};

// Keeps the bytes of a small blob in memory. Requires: whole blobs are asked for.
class MemorySink final : public BlobSink {
 public:
  // Errors of take(): bad_input when the blob is larger than `most`.
  explicit MemorySink(std::size_t most) : most_(most) {}
  Result<> take(std::span<const bao::DecodeEvent> events) override;
  Result<> size_verified(std::uint64_t) override { return {}; }
  Bytes take_bytes() { return std::move(bytes_); }

 private:
  std::size_t most_;
  Bytes bytes_;
};

// Writes into a partial blob of the store.
class PartialSink final : public BlobSink {
 public:
  explicit PartialSink(std::shared_ptr<store::PartialBlob> target) : target_(std::move(target)) {}
  // Errors: peer_fault when the size differs from the one the partial has (size_conflict() then
  // says which was claimed): nothing held is dropped for a claim. cancelled when somebody else's
  // size took its place meanwhile: what comes is of another tree. The store's.
  Result<> take(std::span<const bao::DecodeEvent> events) override;
  Result<> size_verified(std::uint64_t size) override;
  const std::optional<std::uint64_t>& size_conflict() const { return size_conflict_; }

 private:
  std::shared_ptr<store::PartialBlob> target_;
  std::optional<std::uint64_t> claimed_;
  std::optional<std::uint64_t> size_conflict_;
};

}  // namespace archy::blobs
