#include "bao/decoder.hpp"

#include <bit>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "base/test_hooks.hpp"

namespace archy::bao {
namespace {
constexpr std::size_t kSizeBytes = 8;
}

Decoder::Decoder(const Blake3Hash& root, ChunkRanges wanted)
    : root_(root), wanted_(std::move(wanted)), size_read_(wanted_.is_empty()) {}

bool Decoder::done() const { return !failed_ && size_read_ && stack_.empty(); }

bool Decoder::is_leaf(const Node& node) const {
  return node.chunks == 1 ||
         (!node.is_above_group() && wanted_.covers(node.start, node.start + node.chunks));
}

std::size_t Decoder::next_size() const {
  if (failed_) return 0;
  if (!size_read_) return kSizeBytes;
  if (stack_.empty()) return 0;
  const Node& node = stack_.back().node;
  return is_leaf(node) ? static_cast<std::size_t>(tree_.bytes(node)) : kPairBytes;
}

Result<DecodeEvent> Decoder::step(ByteView item) {
  if (failed_) return fail(Code::corrupt, "the response failed verification before");
  CHECK(!done() && item.size() == next_size());
  if (!size_read_) return take_size(item);
  const Pending top = stack_.back();
  return is_leaf(top.node) ? take_leaf(top, item) : take_pair(top, item);
}

Result<DecodeEvent> Decoder::take_size(ByteView item) {
  const std::uint64_t size = load_u64_le(item.data());
  if (size > limits::kBlobBytes) return dead(Code::peer_fault, "absurd blob size");
  tree_ = Tree(size);
  size_read_ = true;
  if (test_hooks::planted("size_trusted_early")) size_verified_ = true;
  wanted_ = wanted_.effective(tree_.chunks());
  // The walk holds at most one waiting sibling a level.
  stack_.reserve(static_cast<std::size_t>(std::bit_width(tree_.chunks())) + 1);
  stack_.push_back({tree_.root(), root_.bytes});
  return DecodeEvent(SizeClaim{size});
}

Result<DecodeEvent> Decoder::take_leaf(const Pending& top, ByteView item) {
  const bool last = top.node.start + top.node.chunks == tree_.chunks();
  const bool unchecked = last && test_hooks::planted("last_group_unverified");
  if (!unchecked && crypto::subtree_cv(item, top.node.start, tree_.is_root(top.node)) != top.cv) {
    return dead(Code::corrupt, "bytes do not match the hash");
  }
  stack_.pop_back();
  if (last) size_verified_ = true;
  return DecodeEvent(VerifiedLeaf(tree_.begin(top.node), item));
}

Result<DecodeEvent> Decoder::take_pair(const Pending& top, ByteView item) {
  const auto pair = item.first<kPairBytes>();
  if (crypto::parent_cv(pair, tree_.is_root(top.node)) != top.cv)
    return dead(Code::corrupt, "an inner hash does not match the hash");
  stack_.pop_back();
  const Node left = top.node.left();
  const Node right = top.node.right();
  if (wanted_.intersects(right.start, right.start + right.chunks)) push(right, pair.last<32>());
  if (wanted_.intersects(left.start, left.start + left.chunks)) push(left, pair.first<32>());
  return DecodeEvent(VerifiedParent(top.node, pair));
}

void Decoder::push(const Node& node, std::span<const std::uint8_t, 32> cv) {
  Pending& pending = stack_.emplace_back();
  pending.node = node;
  std::memcpy(pending.cv.data(), cv.data(), cv.size());
}

std::unexpected<Error> Decoder::dead(Code code, const char* why) {
  failed_ = true;
  stack_.clear();
  return fail(code, why);
}

}  // namespace archy::bao
