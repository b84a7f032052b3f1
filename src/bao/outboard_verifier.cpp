#include "bao/outboard_verifier.hpp"

#include <algorithm>
#include <bit>

#include "base/limits.hpp"

namespace archy::bao {

OutboardVerifier::OutboardVerifier(const Blake3Hash& root, std::uint64_t size)
    : tree_(size), failed_(size > limits::kBlobBytes) {
  stack_.reserve(static_cast<std::size_t>(std::bit_width(tree_.groups())) + 1);
  push(tree_.root(), root.bytes);
}

void OutboardVerifier::push(const Node& node, std::span<const std::uint8_t, 32> cv) {
  if (!node.is_above_group()) return;
  Pending& pending = stack_.emplace_back();
  pending.node = node;
  std::memcpy(pending.cv.data(), cv.data(), cv.size());
}

Result<> OutboardVerifier::update(ByteView bytes, const ParentSink& sink) {
  if (failed_) return fail(Code::peer_fault, "the outboard is unusable");
  failed_ = true;  // until this call got through
  while (!bytes.empty()) {
    if (stack_.empty()) return fail(Code::peer_fault, "the outboard is too long for the size");
    if (split_size_ == 0 && bytes.size() >= kPairBytes) {
      TRY_OK(take(bytes.first<kPairBytes>(), sink));
      bytes = bytes.subspan(kPairBytes);
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), kPairBytes - split_size_);
    std::memcpy(split_.data() + split_size_, bytes.data(), taken);
    split_size_ += taken;
    bytes = bytes.subspan(taken);
    if (split_size_ < kPairBytes) break;
    split_size_ = 0;
    TRY_OK(take(split_, sink));
  }
  failed_ = false;
  return {};
}

Result<> OutboardVerifier::take(std::span<const std::uint8_t, kPairBytes> pair,
                                const ParentSink& sink) {
  const Pending top = stack_.back();
  if (crypto::parent_cv(pair, tree_.is_root(top.node)) != top.cv)
    return fail(Code::corrupt, "the outboard does not match the hash");
  stack_.pop_back();
  push(top.node.right(), pair.last<32>());
  push(top.node.left(), pair.first<32>());
  return sink(VerifiedParent(top.node, pair));
}

Result<> OutboardVerifier::finish() const {
  if (failed_) return fail(Code::peer_fault, "the outboard is unusable");
  if (!done() || split_size_ != 0) return fail(Code::peer_fault, "the outboard ended early");
  return {};
}

}  // namespace archy::bao
