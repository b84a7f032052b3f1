// Verifies raw bytes of a blob whose inner hashes (some or all) are at hand: the bytes come from a
// file that is re-verified, or from an origin that sends no tree. Trusts nothing it is given: every
// pair is checked from the root down before it is used.
// Thread: one at a time. Lifetime: what the lookup refers to outlives the verifier.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bao/decoder.hpp"
#include "bao/preorder_run.hpp"
#include "bao/reader.hpp"
#include "bao/tree.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::bao {

class GroupVerifier {
 public:
  // The pair at a pre-order index, unverified. Errors: not_found when it is not at hand, io.
  using PairLookup = std::function<Result<Pair>(std::uint64_t pair_index)>;
  using EventSink = std::function<Result<>(const DecodeEvent& event)>;
  // One group's verdict: its leaf, or null when it does not hash or its hash cannot be known.
  using GroupSink = std::function<Result<>(std::uint64_t group, const VerifiedLeaf* leaf)>;

  // `size` may be a claim: see size_verified().
  GroupVerifier(const Blake3Hash& root, std::uint64_t size, PairLookup lookup);
  GroupVerifier(const Blake3Hash& root, std::uint64_t size, Reader& reader);

  const Tree& tree() const { return tree_; }
  // True once the group with the last chunk has verified: then the size is as certain as the hash.
  bool size_verified() const { return size_verified_; }

  // What `node` must hash to. Cost: one lookup and hash for each ancestor that the call before did
  // not pass. Errors: bad_input (no node of this tree at group level or above), corrupt (a pair on
  // the way does not hash), the lookup's.
  Result<crypto::Cv> expected_cv(const Node& node);

  // Groups back to back from `first_group`: one verdict each, in order; a bad one does not stop the
  // rest. Shape: whole groups, the last one of the blob at its own length. Errors: bad_input
  // (shape), the sink's, the lookup's except not_found.
  Result<> check_groups(std::uint64_t first_group, ByteView bytes, const GroupSink& sink);

  // All bytes of a subtree of 1..1024 groups of which only the own hash is known (as of
  // tree().node_at(group, 64) under a skeleton of one hash per 1 MiB): emits its inner parents in
  // pre-order, then one leaf per group. Errors: bad_input (shape), corrupt (nothing was emitted),
  // those of expected_cv, the sink's.
  Result<> verify_subtree(const Node& node, ByteView bytes, const EventSink& sink);

 private:
  struct Step {
    Node node;
    Pair pair;
  };
  struct Target {
    Node node;
    crypto::Cv cv;
  };
  // The node of at most `max_chunks` that holds `chunk`, and what it must hash to.
  Result<Target> find(std::uint64_t chunk, std::uint64_t max_chunks);
  Result<> judge(std::uint64_t group, const crypto::Cv& actual, ByteView bytes,
                 const GroupSink& sink);
  Result<> emit_parents(const Node& node, std::uint64_t first_index, ByteView pairs,
                        const EventSink& sink);

  Tree tree_;
  Blake3Hash root_;
  PairLookup lookup_;
  bool size_verified_ = false;
  std::vector<Step> path_;  // verified pairs from the root down to where the last call ended
  std::unique_ptr<PreorderRun> run_;
};

}  // namespace archy::bao
