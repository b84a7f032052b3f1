// One item of an Observe answer: what a provider holds of a blob, or what changed since the item
// before. Source: iroh-blobs 0.103 protocol.rs (ObserveItem). Page: doc/formats/observe.md.
#pragma once

#include <cstdint>
#include <optional>

#include "bao/chunk_ranges.hpp"
#include "base/bytes.hpp"

namespace archy::blobs {

// An item above this is refused.
inline constexpr std::size_t kObserveItemBytes = 1u << 20;

struct ObserveItem {
  std::uint64_t size = 0;  // the newest size known; certain only if `ranges` reaches the last chunk
  bao::ChunkRanges ranges;  // absolute boundaries on the wire, unlike a RangeSpec
  bool operator==(const ObserveItem&) const = default;
};

Bytes encode(const ObserveItem& item);

struct ReadObserveItem {
  ObserveItem item;
  std::size_t length = 0;  // bytes it took, prefix included
};
// Reads one item at the front of `in`. None: more bytes are needed.
// Errors: bad_input (malformed, above the limit, boundaries that fall).
Result<std::optional<ReadObserveItem>> read_observe_item(ByteView in);

// The form a provider shows: complete is everything; a tail that reaches the last chunk is
// open-ended. `have` is what is held, `size` what is claimed (0: unknown).
bao::ChunkRanges observed_form(const bao::ChunkRanges& have, std::uint64_t size);

}  // namespace archy::blobs
