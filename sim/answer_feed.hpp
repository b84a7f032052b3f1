// Feeds an honest peer's answer into a partial blob, without a network in between.
#pragma once

#include "sim/truth.hpp"
#include "store/blob_store.hpp"

namespace archy::sim {

// The answer to `wanted`, item by item, as the getter hands it on. Nothing wanted: nothing done.
// Errors: the partial's.
Result<> feed_answer(store::PartialBlob& partial, const Truth& truth,
                     const bao::ChunkRanges& wanted);

}  // namespace archy::sim
