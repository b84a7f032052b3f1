// What the content port serves in a node: complete blobs of the store, and blobs that a fetch of
// this node is bringing, while they arrive. Both only where the port may
// have them (rpc/content_store_source.hpp).
#pragma once

#include "app/arrivals.hpp"
#include "rpc/content_store_source.hpp"

namespace archy::app {

// Lifetime: store, arrivals and clock outlive it and its readers.
class ContentWhileFetched final : public rpc::ContentSource {
 public:
  ContentWhileFetched(store::BlobStore& store, Arrivals& arrivals, rt::Clock& clock,
                      rpc::StoreContentSource::StandardIsFree standard_is_free = {},
                      rpc::StoreContentSource::OnDamage on_damage = {});

  rt::Task<std::unique_ptr<rpc::ContentReader>> open(const Blake3Hash& hash, rpc::ContentPart part,
                                                     std::stop_token stop) override;

 private:
  store::BlobStore& store_;
  Arrivals& arrivals_;
  rt::Clock& clock_;
  rpc::StoreContentSource complete_;
};

}  // namespace archy::app
