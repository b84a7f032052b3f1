#include "fetch/verifiable.hpp"

#include <algorithm>

namespace archy::fetch {
namespace {

// Groups handed to the verifier at once; more would only wait longer for their bytes.
constexpr std::uint64_t kBatchGroups = 16;
constexpr std::uint64_t kLookAheadGroups = 4096;

// Whether the hash of `node` is known. A stored pair that does not hash is one that is not known.
Result<bool> is_known(bao::GroupVerifier& verifier, const bao::Node& node) {
  auto cv = verifier.expected_cv(node);
  if (cv) return true;
  if (cv.error().code == Code::not_found || cv.error().code == Code::corrupt) return false;
  return fail(cv.error());
}

std::uint64_t end_group(const bao::Node& node) {
  return (node.start + node.chunks + bao::kGroupChunks - 1) / bao::kGroupChunks;
}

}  // namespace

Result<Piece> next_piece(bao::GroupVerifier& verifier, std::uint64_t group, std::uint64_t run_end,
                         std::uint64_t most_groups) {
  const auto& tree = verifier.tree();
  Piece out{.kind = Piece::Kind::groups, .first_group = group, .end_group = group};
  const auto batch_end = std::min(run_end, group + kBatchGroups);
  for (; out.end_group < batch_end; ++out.end_group) {
    TRY(known, is_known(verifier, tree.node_at(out.end_group, 1)));
    if (!known) break;
  }
  if (out.end_group > group) return out;
  // The smallest node above the group whose own hash is known: its pair is not, so nothing is held
  // below it and its whole subtree is missing.
  for (std::uint64_t limit = 2; limit <= most_groups; limit *= 2) {
    const auto node = tree.node_at(group, limit);
    TRY(known, is_known(verifier, node));
    if (!known) continue;
    return Piece{Piece::Kind::subtree, node.start / bao::kGroupChunks, end_group(node), node};
  }
  const auto unknown = tree.node_at(group, most_groups);
  return Piece{Piece::Kind::unknown, group, std::min(run_end, end_group(unknown)), unknown};
}

Result<std::uint64_t> verifiable_up_to(bao::GroupVerifier& verifier, std::uint64_t group,
                                       std::uint64_t run_end, std::uint64_t most_groups) {
  const auto limit = group + kLookAheadGroups;
  while (group < run_end && group < limit) {
    TRY(piece, next_piece(verifier, group, run_end, most_groups));
    if (piece.kind == Piece::Kind::unknown) break;
    group = piece.end_group;
  }
  return group;
}

}  // namespace archy::fetch
