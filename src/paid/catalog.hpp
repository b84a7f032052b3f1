// What of ours peers may ask for, and as what: the seller's own knowledge, never a peer's word.
// Owned by paid, its user; the node implements it over the store's offers and the services that
// are on.
#pragma once

#include <optional>

#include "base/fixed_bytes.hpp"
#include "base/result.hpp"
#include "streaming/content_class.hpp"
#include "streaming/service.hpp"

namespace archy::paid {

struct CatalogEntry {
  streaming::ContentClass klass = streaming::ContentClass::public_;
  streaming::ServiceId service = streaming::ServiceId::content_download;
  // Of all that it may cost: of a sequence, with its children. Units: payload bytes.
  std::uint64_t size = 0;
};

// Thread: the loop; no call blocks.
class Catalog {
 public:
  virtual ~Catalog() = default;
  // None: not offered. Errors: the store's, or that of whoever knows the classes: the caller hides
  // the content, or says "try later".
  virtual Result<std::optional<CatalogEntry>> find(const Blake3Hash& hash) = 0;
};

}  // namespace archy::paid
