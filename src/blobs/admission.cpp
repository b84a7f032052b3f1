#include "blobs/admission.hpp"

#include "base/log.hpp"
#include "blobs/empty_blob.hpp"

namespace archy::blobs {

Verdict AllowOffered::offered(const Blake3Hash& hash) {
  if (hash == empty_blob_hash()) return Verdict::allow;
  auto offer = store_.offer(hash);
  if (!offer) {
    log::warn("blobs", "offer of {} cannot be read: {}", hash.hex(), to_string(offer.error()));
    return Verdict::hide;
  }
  return offer->has_value() ? Verdict::allow : Verdict::hide;
}

}  // namespace archy::blobs
