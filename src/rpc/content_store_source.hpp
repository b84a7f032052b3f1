// Complete blobs of the store, as the content port reads them, each group verified when it is read.
// The port has no gate: it has what is offered as public, and what is offered as the services say
// while these say free; never anything metered or paid. A damaged blob is told to whoever can mend
// it.
#pragma once

#include <functional>

#include "rpc/content_source.hpp"
#include "store/blob_store.hpp"

namespace archy::rpc {

class StoreContentSource final : public ContentSource {
 public:
  using OnDamage = std::function<void(const Blake3Hash& hash)>;
  // Whether what is offered as `standard` is free just now. Errors: it cannot be known: it is not
  // served.
  using StandardIsFree = std::function<Result<bool>()>;

  // Lifetime: `store` outlives the source and its readers. Readers in use by nobody are kept open
  // for the next request (players ask for one blob many times), up to kIdleReaders.
  // Without `standard_is_free` it is not.
  explicit StoreContentSource(store::BlobStore& store, StandardIsFree standard_is_free = {},
                              OnDamage on_damage = {});
  ~StoreContentSource() override;

  rt::Task<std::unique_ptr<ContentReader>> open(const Blake3Hash& hash, ContentPart part,
                                                std::stop_token stop) override;
  // Whether the port may have it, held or not.
  Result<bool> may_have(const Blake3Hash& hash) const;

 private:
  static constexpr std::size_t kIdleReaders = 16;
  struct OpenBlob;
  struct Shared;
  class DataReader;
  class OutboardReader;

  StandardIsFree standard_is_free_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace archy::rpc
