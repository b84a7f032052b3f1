// Verifies a pre-order outboard (`.obao4`, also the sidecar `<url>.obao4` of an origin) against the
// root, top-down, in one pass over any split of the stream. What it emits is true whatever the rest
// turns out to be. It proves inner hashes, not the size: a wrong size within the same number of
// groups shows only when the last group's bytes are verified.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "bao/decoder.hpp"
#include "bao/tree.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::bao {

class OutboardVerifier {
 public:
  using ParentSink = std::function<Result<>(const VerifiedParent& parent)>;

  OutboardVerifier(const Blake3Hash& root, std::uint64_t size);
  // Bytes of the outboard this size asks for.
  std::uint64_t expected_bytes() const { return tree_.outboard_bytes(); }
  bool done() const { return !failed_ && stack_.empty(); }

  // The next bytes, any split. Errors: corrupt (a pair does not hash), peer_fault (bytes after the
  // end, absurd size), the sink's; after one every call fails.
  Result<> update(ByteView bytes, const ParentSink& sink);
  // Errors: peer_fault when the outboard ended early.
  Result<> finish() const;

 private:
  struct Pending {
    Node node;
    crypto::Cv cv;
  };
  Result<> take(std::span<const std::uint8_t, kPairBytes> pair, const ParentSink& sink);
  void push(const Node& node, std::span<const std::uint8_t, 32> cv);

  Tree tree_;
  bool failed_ = false;
  std::vector<Pending> stack_;  // nodes whose pairs are due, next on top
  std::array<std::uint8_t, kPairBytes> split_{};
  std::size_t split_size_ = 0;  // bytes of a pair that came in parts
};

}  // namespace archy::bao
