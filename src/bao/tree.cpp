#include "bao/tree.hpp"

#include <bit>

#include "base/check.hpp"

namespace archy::bao {

std::uint64_t Node::left_chunks() const {
  CHECK(chunks > 1);
  return std::bit_floor(chunks - 1);
}

Node Node::left() const { return {start, left_chunks(), pair_index + 1}; }

Node Node::right() const {
  const std::uint64_t left = left_chunks();
  // In pre-order this node's own pair and those of the left child stand before: 1 + (groups - 1).
  const std::uint64_t left_groups = (left + kGroupChunks - 1) / kGroupChunks;
  return {start + left, chunks - left, pair_index + left_groups};
}

Node Tree::node_at(std::uint64_t group, std::uint64_t max_groups) const {
  CHECK(group < groups() && std::has_single_bit(max_groups));
  const std::uint64_t chunk = group * kGroupChunks;
  Node node = root();
  while (node.chunks > max_groups * kGroupChunks) {
    const Node left = node.left();
    node = chunk < left.start + left.chunks ? left : node.right();
  }
  return node;
}

}  // namespace archy::bao
