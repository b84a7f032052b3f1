// Produces the bytes of a Get response for one blob: size, then parents and leaves in pre-order,
// every byte verified against the root before it leaves, so bit rot is never passed on. Sans-I/O
// but for the Reader it is given.
#pragma once

#include <cstdint>
#include <vector>

#include "bao/chunk_ranges.hpp"
#include "bao/reader.hpp"
#include "base/fixed_bytes.hpp"

namespace archy::bao {

class Encoder {
 public:
  // Lifetime: `reader` outlives the encoder.
  Encoder(const Blake3Hash& root, std::uint64_t size, const ChunkRanges& wanted, Reader& reader);

  bool done() const;
  // Payload bytes of the leaf that the next step() emits (what a meter counts); 0 only for an empty
  // blob's leaf. Requires: !done().
  std::size_t next_leaf_size() const;
  // Appends everything up to and including the next leaf: [size header] parents* leaf. The caller
  // can so ask leave for each group before it is read. Requires: !done(). Errors: not_found (that
  // part is not held), corrupt (stored bytes do not hash: nothing of that item was appended), io.
  Result<> step(Bytes& out);

 private:
  struct Pending {
    Node node;
    crypto::Cv cv;
  };
  Tree tree_;
  ChunkRanges wanted_;
  Reader& reader_;
  bool header_due_;
  std::vector<Pending> stack_;
};

// Length of the whole encoding of `wanted`, header included. Cost: O(log n) per span.
std::uint64_t encoded_size(std::uint64_t size, const ChunkRanges& wanted);

}  // namespace archy::bao
