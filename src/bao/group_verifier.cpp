#include "bao/group_verifier.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/limits.hpp"

namespace archy::bao {
namespace {

constexpr std::size_t kBatchGroups = 16;

bool holds(const Node& node, std::uint64_t chunk) {
  return chunk >= node.start && chunk - node.start < node.chunks;
}

crypto::Cv child_cv(const Pair& pair, bool right) {
  crypto::Cv cv;
  std::memcpy(cv.data(), pair.data() + (right ? 32 : 0), cv.size());
  return cv;
}

}  // namespace

GroupVerifier::GroupVerifier(const Blake3Hash& root, std::uint64_t size, PairLookup lookup)
    : tree_(size), root_(root), lookup_(std::move(lookup)) {
  path_.reserve(static_cast<std::size_t>(std::bit_width(tree_.groups())) + 1);
}

GroupVerifier::GroupVerifier(const Blake3Hash& root, std::uint64_t size, Reader& reader)
    : GroupVerifier(root, size, [&reader](std::uint64_t index) { return reader.pair(index); }) {}

Result<GroupVerifier::Target> GroupVerifier::find(std::uint64_t chunk, std::uint64_t max_chunks) {
  if (tree_.size() > limits::kBlobBytes) return fail(Code::bad_input, "absurd blob size");
  while (!path_.empty() &&
         (!holds(path_.back().node, chunk) || path_.back().node.chunks <= max_chunks)) {
    path_.pop_back();
  }
  Target at{tree_.root(), root_.bytes};
  const auto down = [&](const Step& step) {
    const Node left = step.node.left();
    const bool right = !holds(left, chunk);
    at = {right ? step.node.right() : left, child_cv(step.pair, right)};
  };
  if (!path_.empty()) down(path_.back());
  while (at.node.chunks > max_chunks) {
    TRY(pair, lookup_(at.node.pair_index));
    if (crypto::parent_cv(pair, tree_.is_root(at.node)) != at.cv)
      return fail(Code::corrupt, "an inner hash does not match the hash");
    path_.push_back({at.node, pair});
    down(path_.back());
  }
  return at;
}

Result<crypto::Cv> GroupVerifier::expected_cv(const Node& node) {
  const bool plausible = node.chunks > 0 && node.start < tree_.chunks();
  if (!plausible) return fail(Code::bad_input, "no node of this tree");
  const std::uint64_t max_chunks = std::max<std::uint64_t>(node.chunks, kGroupChunks);
  TRY(found, find(node.start, max_chunks));
  if (found.node.start != node.start || found.node.chunks != node.chunks)
    return fail(Code::bad_input, "no node of this tree at group level or above");
  return found.cv;
}

Result<> GroupVerifier::check_groups(std::uint64_t first_group, ByteView bytes,
                                     const GroupSink& sink) {
  if (first_group >= tree_.groups()) return fail(Code::bad_input, "no such group");
  const std::uint64_t begin = first_group * kGroupBytes;
  const bool fits = bytes.size() <= tree_.size() - begin;
  const bool to_the_end = fits && begin + bytes.size() == tree_.size();
  if (!fits || (!to_the_end && bytes.size() % kGroupBytes != 0))
    return fail(Code::bad_input, "not whole groups");
  if (tree_.groups() == 1) return judge(0, crypto::subtree_cv(bytes, 0, true), bytes, sink);

  std::uint64_t group = first_group;
  while (bytes.size() >= kGroupBytes) {
    const std::size_t n = std::min(bytes.size() / kGroupBytes, kBatchGroups);
    [[clang::uninitialized]] std::array<crypto::Cv, kBatchGroups> cvs;
    crypto::group_cvs(bytes.first(n * kGroupBytes), group * kGroupChunks, std::span(cvs).first(n));
    for (std::size_t i = 0; i < n; ++i, ++group) {
      TRY_OK(judge(group, cvs[i], bytes.first(kGroupBytes), sink));
      bytes = bytes.subspan(kGroupBytes);
    }
  }
  if (bytes.empty()) return {};
  return judge(group, crypto::subtree_cv(bytes, group * kGroupChunks, false), bytes, sink);
}

Result<> GroupVerifier::judge(std::uint64_t group, const crypto::Cv& actual, ByteView bytes,
                              const GroupSink& sink) {
  const Result<Target> expected = find(group * kGroupChunks, kGroupChunks);
  if (!expected.has_value()) {
    const Code code = expected.error().code;
    if (code != Code::not_found && code != Code::corrupt) return fail(expected.error());
    return sink(group, nullptr);
  }
  if (expected->cv != actual) return sink(group, nullptr);
  if (group + 1 == tree_.groups()) size_verified_ = true;
  const VerifiedLeaf leaf(group * kGroupBytes, bytes);
  return sink(group, &leaf);
}

Result<> GroupVerifier::verify_subtree(const Node& node, ByteView bytes, const EventSink& sink) {
  TRY(expected, expected_cv(node));
  if (node.groups() > PreorderRun::kMaxGroups || bytes.size() != tree_.bytes(node))
    return fail(Code::bad_input, "not the bytes of that subtree");
  if (!run_ || run_->max_groups() < node.groups())
    run_ = std::make_unique<PreorderRun>(node.groups());
  run_->begin(node.groups());
  const std::size_t whole = node.groups() == 1 ? 0 : bytes.size() / kGroupBytes;
  crypto::group_cvs(bytes.first(whole * kGroupBytes), node.start, run_->next(whole));
  if (!run_->full()) {
    run_->next(1)[0] = crypto::subtree_cv(bytes.subspan(whole * kGroupBytes),
                                          node.start + whole * kGroupChunks, tree_.groups() == 1);
  }
  if (run_->fold(tree_.is_root(node)) != expected)
    return fail(Code::corrupt, "bytes do not match the hash");

  TRY_OK(emit_parents(node, node.pair_index, run_->pairs(), sink));
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += kGroupBytes) {
    const ByteView group = bytes.subspan(at, std::min(kGroupBytes, bytes.size() - at));
    TRY_OK(sink(VerifiedLeaf(tree_.begin(node) + at, group)));
  }
  if (node.start + node.chunks == tree_.chunks()) size_verified_ = true;
  return {};
}

Result<> GroupVerifier::emit_parents(const Node& node, std::uint64_t first_index, ByteView pairs,
                                     const EventSink& sink) {
  if (!node.is_above_group()) return {};
  const std::size_t at = static_cast<std::size_t>(node.pair_index - first_index) * kPairBytes;
  TRY_OK(sink(VerifiedParent(node, pairs.subspan(at).first<kPairBytes>())));
  TRY_OK(emit_parents(node.left(), first_index, pairs, sink));
  return emit_parents(node.right(), first_index, pairs, sink);
}

}  // namespace archy::bao
