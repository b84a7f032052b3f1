// The door that one source writes a blob through, with a counter of the payload that came verified,
// whether it was there already or not: what is brought has to be paid for.
#pragma once

#include <functional>
#include <memory>

#include "store/blob_store.hpp"

namespace archy::paid {

// Thread: the loop. Lifetime: what `came` refers to outlives it.
class CountedBlob final : public store::PartialBlob {
 public:
  CountedBlob(std::shared_ptr<store::PartialBlob> inner, std::function<void(std::uint64_t)> came)
      : inner_(std::move(inner)), came_(std::move(came)) {}

  const Blake3Hash& hash() const override { return inner_->hash(); }
  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool size_verified() const override { return inner_->size_verified(); }
  Result<> claim_size(std::uint64_t size) override { return inner_->claim_size(size); }
  Result<> mark_size_verified() override { return inner_->mark_size_verified(); }
  const bao::ChunkRanges& have() const override { return inner_->have(); }
  Result<> write(const bao::VerifiedParent& parent) override { return inner_->write(parent); }
  Result<> write(const bao::VerifiedLeaf& leaf) override {
    came_(leaf.bytes().size());
    return inner_->write(leaf);
  }
  Result<> write_batch(std::span<const bao::DecodeEvent> events) override {
    std::uint64_t sum = 0;
    for (const bao::DecodeEvent& event : events)
      if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) sum += leaf->bytes().size();
    if (sum > 0) came_(sum);
    return inner_->write_batch(events);
  }
  Result<> flush() override { return inner_->flush(); }
  Result<> checkpoint() override { return inner_->checkpoint(); }
  bool is_complete() const override { return inner_->is_complete(); }
  Result<store::Imported> finish() override { return inner_->finish(); }
  Result<std::unique_ptr<store::BlobReader>> reader() override { return inner_->reader(); }

 private:
  std::shared_ptr<store::PartialBlob> inner_;
  std::function<void(std::uint64_t)> came_;
};

}  // namespace archy::paid
