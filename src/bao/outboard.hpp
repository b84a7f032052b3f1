// Builds the outboard of a stream in one forward pass, bounded memory: pairs are handed out with
// their pre-order index in runs, so a 10 GiB blob never holds its 40 MiB outboard in memory.
#pragma once

#include <functional>
#include <memory>

#include "bao/reader.hpp"
#include "bao/tree.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::bao {

// Takes a run of pairs that stand at [first_index, first_index + pairs.size() / 64) of the
// pre-order outboard.
using PairSink = std::function<Result<>(std::uint64_t first_index, ByteView pairs)>;

class OutboardBuilder {
 public:
  // `size` is exact: a pre-order layout depends on it.
  OutboardBuilder(std::uint64_t size, PairSink sink);
  // Any split of the blob, in order. Fastest with multiples of 256 KiB. Errors: bad_input past
  // `size`, the sink's.
  Result<> update(ByteView data);
  // Errors: bad_input when fewer than `size` bytes came, the sink's.
  Result<Blake3Hash> finish();

 private:
  Tree tree_;
  PairSink sink_;
  std::uint64_t position_ = 0;
  Bytes tail_;  // bytes of a batch that is not full yet
  // (implementation state follows in the .cpp's terms)
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace archy::bao
