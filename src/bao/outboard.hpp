// Builds the outboard of a stream in one forward pass, bounded memory: pairs are handed out with
// their pre-order index in runs, so a 10 GiB blob never holds its 40 MiB outboard in memory.
#pragma once

#include <functional>
#include <vector>

#include "bao/preorder_run.hpp"
#include "bao/reader.hpp"
#include "bao/tree.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::bao {

// Takes a run of pairs that stand at [first_index, first_index + pairs.size() / 64) of the
// pre-order outboard. The runs of a blob cover each index once; they come in no particular order:
// up to 1023 pairs for every 16 MiB subtree, single pairs above.
using PairSink = std::function<Result<>(std::uint64_t first_index, ByteView pairs)>;

class OutboardBuilder {
 public:
  // `size` is exact: a pre-order layout depends on it. Without a sink only the hash is computed.
  OutboardBuilder(std::uint64_t size, PairSink sink);
  // Any split of the blob, in order. Fastest with multiples of 256 KiB. Errors: bad_input past
  // `size`, the sink's; after one every call fails.
  Result<> update(ByteView data);
  // Errors: bad_input when fewer than `size` bytes came, the sink's.
  Result<Blake3Hash> finish();

 private:
  // An inner node above the runs whose left child is (or is being) hashed.
  struct Frame {
    Node node;
    crypto::Cv left{};
    bool has_left = false;
  };
  void descend(Node node);
  Result<> hash(ByteView data);
  Result<> end_run();
  Result<> emit(std::uint64_t first_index, ByteView pairs);

  Tree tree_;
  PairSink sink_;
  std::uint64_t position_ = 0;
  std::uint64_t hashed_ = 0;
  bool failed_ = false;
  Bytes tail_;  // bytes of a batch that is not full yet
  PreorderRun run_;
  Node run_node_;
  std::vector<Frame> frames_;  // from the root down to the run
  crypto::Cv root_{};
};

}  // namespace archy::bao
