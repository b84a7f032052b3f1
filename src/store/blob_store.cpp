#include "store/blob_store.hpp"

namespace archy::store {

Result<> PartialBlob::write_batch(std::span<const bao::DecodeEvent> events) {
  for (const bao::DecodeEvent& event : events) {
    if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) {
      TRY_OK(write(*leaf));
    } else if (const auto* parent = std::get_if<bao::VerifiedParent>(&event)) {
      TRY_OK(write(*parent));
    } else {
      TRY_OK(claim_size(std::get<bao::SizeClaim>(event).size));
    }
  }
  return {};
}

}  // namespace archy::store
