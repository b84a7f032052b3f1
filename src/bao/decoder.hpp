// Verifies a bao response item by item: the caller reads next_size() bytes, hands them to step(),
// and gets back what may now be believed. Nothing is believed before its hash matched; the size is
// believed only once the last chunk has. Sans-I/O. Source: facts of iroh-blobs' Get response and
// bao-tree's mixed encoding.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "bao/chunk_ranges.hpp"
#include "bao/reader.hpp"
#include "bao/tree.hpp"
#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::bao {

// Bytes that hashed to what the root commits to. Only a verifier of this module can make one, so a
// store that takes VerifiedLeaf cannot be handed anything else.
class VerifiedLeaf {
 public:
  std::uint64_t offset() const { return offset_; }
  ByteView bytes() const { return bytes_; }  // a view into what step() was given

 private:
  friend class Decoder;
  friend class GroupVerifier;
  VerifiedLeaf(std::uint64_t offset, ByteView bytes) : offset_(offset), bytes_(bytes) {}
  std::uint64_t offset_;
  ByteView bytes_;
};

// An inner node whose pair hashed to what its own parent commits to. Nodes of at most one group
// come too (answers below a group): is_above_group() tells those that an outboard holds.
class VerifiedParent {
 public:
  const Node& node() const { return node_; }
  std::span<const std::uint8_t, kPairBytes> pair() const { return pair_; }

 private:
  friend class Decoder;
  friend class GroupVerifier;
  friend class OutboardVerifier;
  VerifiedParent(Node node, std::span<const std::uint8_t, kPairBytes> pair)
      : node_(node), pair_(pair) {}
  Node node_;
  std::span<const std::uint8_t, kPairBytes> pair_;
};

struct SizeClaim {
  std::uint64_t size;  // untrusted until size_verified()
};

using DecodeEvent = std::variant<SizeClaim, VerifiedParent, VerifiedLeaf>;

class Decoder {
 public:
  // `wanted`: the ranges that were asked for. Nothing wanted: done at once.
  Decoder(const Blake3Hash& root, ChunkRanges wanted);

  bool done() const;
  // Bytes of the next item: 8 (size), 64 (a pair) or up to 16384 (a leaf). 0 when done. A leaf of
  // an empty blob has 0 bytes: step({}) is still due, done() says so.
  std::size_t next_size() const;
  // Requires: !done(), item.size() == next_size(). Errors: corrupt (hash mismatch), peer_fault
  // (absurd size). After an error the decoder is dead: never done(), next_size() 0, every step()
  // fails. Cost: no allocation but one at the size.
  Result<DecodeEvent> step(ByteView item);

  std::uint64_t claimed_size() const { return tree_.size(); }
  // True once a leaf with the last chunk has verified: then the size is as certain as the hash.
  bool size_verified() const { return size_verified_; }

 private:
  struct Pending {
    Node node;
    crypto::Cv cv;
  };
  bool is_leaf(const Node& node) const;
  Result<DecodeEvent> take_size(ByteView item);
  Result<DecodeEvent> take_leaf(const Pending& top, ByteView item);
  Result<DecodeEvent> take_pair(const Pending& top, ByteView item);
  void push(const Node& node, std::span<const std::uint8_t, 32> cv);
  std::unexpected<Error> dead(Code code, const char* why);

  Blake3Hash root_;
  ChunkRanges wanted_;  // as asked, then cut to the tree once the size is claimed
  Tree tree_{0};
  bool size_read_ = false;
  bool size_verified_ = false;
  bool failed_ = false;
  std::vector<Pending> stack_;  // what the next items must hash to, next on top
};

}  // namespace archy::bao
