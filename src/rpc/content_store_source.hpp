// Complete blobs of the store, as the content port reads them: only what is offered as public, each
// group verified when it is read. A damaged blob is told to whoever can mend it.
#pragma once

#include <functional>

#include "rpc/content_source.hpp"
#include "store/blob_store.hpp"

namespace archy::rpc {

class StoreContentSource final : public ContentSource {
 public:
  using OnDamage = std::function<void(const Blake3Hash& hash)>;

  // Lifetime: `store` outlives the source and its readers. Readers in use by nobody are kept open
  // for the next request (players ask for one blob many times), up to kIdleReaders.
  explicit StoreContentSource(store::BlobStore& store, OnDamage on_damage = {});
  ~StoreContentSource() override;

  rt::Task<std::unique_ptr<ContentReader>> open(const Blake3Hash& hash, ContentPart part,
                                                std::stop_token stop) override;

 private:
  static constexpr std::size_t kIdleReaders = 16;
  struct OpenBlob;
  struct Shared;
  class DataReader;
  class OutboardReader;

  std::shared_ptr<Shared> shared_;
};

}  // namespace archy::rpc
