// Produces the bytes of a Get response for one blob: size, then parents and leaves in pre-order,
// every byte verified against the root before it leaves, so bit rot is never passed on. Sans-I/O
// but for the Reader it is given.
#pragma once

#include <array>
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
  // part is not held), corrupt (what is stored does not hash), io, bad_input (absurd size). Of the
  // item that failed nothing is appended, valid items before it are; a later step() tries it again.
  Result<> step(Bytes& out);

 private:
  struct Pending {
    Node node;
    crypto::Cv cv;
  };
  bool is_leaf(const Node& node) const;
  // One item: the node on top of the stack goes out as a pair or a leaf.
  Result<> emit_leaf(const Pending& top, Bytes& out);
  Result<> emit_pair(const Pending& top, Bytes& out);
  Result<Pair> pair_of(const Pending& top);
  Result<> load_group(const Pending& group);
  crypto::Cv inner_cv(const Node& node) const;

  Tree tree_;
  ChunkRanges wanted_;
  Reader& reader_;
  bool header_due_;
  std::vector<Pending> stack_;  // what is still to go, next on top
  // Chunk CVs of the partly wanted group that is being walked, verified against the group's own.
  std::array<crypto::Cv, kGroupChunks> chunk_cvs_{};
};

// Length of the whole encoding of `wanted`, header included; 0 when nothing is wanted. Cost:
// O(log n) per span.
std::uint64_t encoded_size(std::uint64_t size, const ChunkRanges& wanted);

}  // namespace archy::bao
