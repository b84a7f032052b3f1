#include "bao/encoder.hpp"

#include <bit>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "base/test_hooks.hpp"

namespace archy::bao {
namespace {

constexpr std::size_t kSizeBytes = 8;

bool intersects(const ChunkRanges& ranges, const Node& node) {
  return ranges.intersects(node.start, node.start + node.chunks);
}
bool covers(const ChunkRanges& ranges, const Node& node) {
  return ranges.covers(node.start, node.start + node.chunks);
}

std::uint64_t encoded_node(const Tree& tree, const ChunkRanges& wanted, const Node& node) {
  if (!intersects(wanted, node)) return 0;
  if (covers(wanted, node)) return tree.bytes(node) + node.pairs() * kPairBytes;
  return kPairBytes + encoded_node(tree, wanted, node.left()) +
         encoded_node(tree, wanted, node.right());
}

}  // namespace

Encoder::Encoder(const Blake3Hash& root, std::uint64_t size, const ChunkRanges& wanted,
                 Reader& reader)
    : tree_(size),
      wanted_(wanted.effective(tree_.chunks())),
      reader_(reader),
      header_due_(!wanted_.is_empty()) {
  if (!header_due_) return;
  stack_.reserve(static_cast<std::size_t>(std::bit_width(tree_.chunks())) + 1);
  stack_.push_back({tree_.root(), root.bytes});
}

bool Encoder::done() const { return stack_.empty(); }

bool Encoder::is_leaf(const Node& node) const {
  return node.chunks == 1 || (!node.is_above_group() && covers(wanted_, node));
}

std::size_t Encoder::next_leaf_size() const {
  CHECK(!done());
  Node node = stack_.back().node;
  while (!is_leaf(node)) {
    const Node left = node.left();
    node = intersects(wanted_, left) ? left : node.right();
  }
  return static_cast<std::size_t>(tree_.bytes(node));
}

Result<> Encoder::step(Bytes& out) {
  CHECK(!done());
  if (tree_.size() > limits::kBlobBytes) return fail(Code::bad_input, "absurd blob size");
  if (header_due_) {
    header_due_ = false;
    const std::uint64_t lie = test_hooks::planted("size_plus_one") ? 1 : 0;
    std::uint8_t header[kSizeBytes];
    store_u64_le(header, tree_.size() + lie);
    append(out, header);
  }
  while (!is_leaf(stack_.back().node)) {
    const Pending top = stack_.back();
    TRY_OK(emit_pair(top, out));
  }
  const Pending top = stack_.back();
  return emit_leaf(top, out);
}

Result<> Encoder::emit_leaf(const Pending& top, Bytes& out) {
  TRY(data, reader_.data(tree_.begin(top.node), static_cast<std::size_t>(tree_.bytes(top.node))));
  if (crypto::subtree_cv(data, top.node.start, tree_.is_root(top.node)) != top.cv)
    return fail(Code::corrupt, "stored bytes do not match their hash");
  append(out, data);
  stack_.pop_back();
  if (stack_.empty()) {
    if (test_hooks::planted("trailing_byte")) out.push_back(0);
    if (test_hooks::planted("short_last_group") && !data.empty()) out.pop_back();
  }
  return {};
}

Result<> Encoder::emit_pair(const Pending& top, Bytes& out) {
  TRY(pair, pair_of(top));
  Pending left{top.node.left(), {}};
  Pending right{top.node.right(), {}};
  std::memcpy(left.cv.data(), pair.data(), 32);
  std::memcpy(right.cv.data(), pair.data() + 32, 32);
  stack_.pop_back();
  if (intersects(wanted_, right.node)) stack_.push_back(right);
  if (intersects(wanted_, left.node)) stack_.push_back(left);

  if (test_hooks::planted("no_inner_parents") && !top.node.is_above_group()) return {};
  if (test_hooks::planted("child_order")) {
    append(out, right.cv);
    append(out, left.cv);
    return {};
  }
  append(out, pair);
  return {};
}

Result<Pair> Encoder::pair_of(const Pending& top) {
  const Node& node = top.node;
  Pair pair;
  if (node.is_above_group()) {
    TRY(stored, reader_.pair(node.pair_index));
    pair = stored;
  } else {
    // The walk meets a partly wanted group at its own node first, which loads its chunk CVs.
    const bool group_itself =
        node.start % kGroupChunks == 0 &&
        (node.chunks == kGroupChunks || node.start + node.chunks == tree_.chunks());
    if (group_itself) TRY_OK(load_group(top));
    const crypto::Cv left = inner_cv(node.left());
    const crypto::Cv right = inner_cv(node.right());
    std::memcpy(pair.data(), left.data(), 32);
    std::memcpy(pair.data() + 32, right.data(), 32);
  }
  if (crypto::parent_cv(pair, tree_.is_root(node)) != top.cv)
    return fail(Code::corrupt, "stored bytes or inner hashes do not match their hash");
  return pair;
}

Result<> Encoder::load_group(const Pending& group) {
  const Node& node = group.node;
  TRY(data, reader_.data(tree_.begin(node), static_cast<std::size_t>(tree_.bytes(node))));
  for (std::uint64_t i = 0; i < node.chunks; ++i) {
    const ByteView rest = data.subspan(i * kChunkBytes);
    const ByteView chunk = rest.first(std::min(rest.size(), kChunkBytes));
    chunk_cvs_[i] = crypto::subtree_cv(chunk, node.start + i, false);
  }
  return {};
}

crypto::Cv Encoder::inner_cv(const Node& node) const {
  if (node.chunks == 1) return chunk_cvs_[node.start % kGroupChunks];
  return crypto::parent_cv(inner_cv(node.left()), inner_cv(node.right()), false);
}

std::uint64_t encoded_size(std::uint64_t size, const ChunkRanges& wanted) {
  if (wanted.is_empty()) return 0;
  const Tree tree(size);
  return kSizeBytes + encoded_node(tree, wanted.effective(tree.chunks()), tree.root());
}

}  // namespace archy::bao
