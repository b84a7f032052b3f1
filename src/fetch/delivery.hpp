// The door one source writes a blob through while others write it too: says what it brought, and
// shuts when the fetch is over.
//
// Thread: the loop. Lifetime: the listener outlives it, or shut() was called before.
#pragma once

#include <memory>

#include "fetch/group_set.hpp"
#include "store/blob_store.hpp"

namespace archy::fetch {

class Delivery final : public store::PartialBlob {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The size of the blob, as it is claimed now, is another than before.
    virtual void size_claimed() = 0;
    virtual void size_proven() = 0;
    // These groups are verified and written, or in the writer's buffer.
    virtual void groups_came(GroupSpan groups) = 0;
  };

  Delivery(std::shared_ptr<store::PartialBlob> inner, Listener& listener)
      : inner_(std::move(inner)), listener_(&listener) {}

  // Everything that writes fails from now on: cancelled.
  void shut() { listener_ = nullptr; }
  bool is_shut() const { return listener_ == nullptr; }

  const Blake3Hash& hash() const override { return inner_->hash(); }
  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool size_verified() const override { return inner_->size_verified(); }
  Result<> claim_size(std::uint64_t size) override;
  Result<> mark_size_verified() override;
  const bao::ChunkRanges& have() const override { return inner_->have(); }
  Result<> write(const bao::VerifiedParent& parent) override;
  Result<> write(const bao::VerifiedLeaf& leaf) override;
  Result<> write_batch(std::span<const bao::DecodeEvent> events) override;
  Result<> flush() override;
  Result<> checkpoint() override;
  bool is_complete() const override { return inner_->is_complete(); }
  // Not a source's to do: bad_input.
  Result<store::Imported> finish() override;
  Result<std::unique_ptr<store::BlobReader>> reader() override { return inner_->reader(); }

 private:
  Result<> check_open() const;
  // The group a leaf is, if the store keeps it.
  std::optional<std::uint64_t> group_of(const bao::VerifiedLeaf& leaf) const;

  std::shared_ptr<store::PartialBlob> inner_;
  Listener* listener_;
};

}  // namespace archy::fetch
