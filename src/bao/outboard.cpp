#include "bao/outboard.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace archy::bao {
namespace {
// Sixteen groups: a round that fills every kernel's lanes down to the groups' last parents.
constexpr std::size_t kBatchBytes = 16 * kGroupBytes;
constexpr std::uint64_t kRunChunks = PreorderRun::kMaxGroups * kGroupChunks;
}  // namespace

OutboardBuilder::OutboardBuilder(std::uint64_t size, PairSink sink)
    : tree_(size), sink_(std::move(sink)), run_(std::min(tree_.groups(), PreorderRun::kMaxGroups)) {
  descend(tree_.root());
}

void OutboardBuilder::descend(Node node) {
  while (node.chunks > kRunChunks) {
    frames_.push_back({node});
    node = node.left();
  }
  run_node_ = node;
  run_.begin(node.groups());
}

Result<> OutboardBuilder::update(ByteView data) {
  if (failed_) return fail(Code::bad_input, "the outboard failed before");
  if (tree_.size() > limits::kBlobBytes) return fail(Code::bad_input, "absurd blob size");
  if (data.size() > tree_.size() - position_)
    return fail(Code::bad_input, "more bytes than the blob's size");
  position_ += data.size();
  const bool ended = position_ == tree_.size();

  if (!tail_.empty()) {
    const std::size_t taken = std::min(data.size(), kBatchBytes - tail_.size());
    append(tail_, data.first(taken));
    data = data.subspan(taken);
    if (tail_.size() < kBatchBytes && !ended) return {};
    TRY_OK(hash(tail_));
    tail_.clear();
  }
  const std::size_t now = ended ? data.size() : data.size() - data.size() % kBatchBytes;
  TRY_OK(hash(data.first(now)));
  data = data.subspan(now);
  if (data.empty()) return {};
  if (tail_.capacity() == 0)
    tail_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(tree_.size(), kBatchBytes)));
  append(tail_, data);
  return {};
}

// Whole groups, and the short last one at the blob's end.
Result<> OutboardBuilder::hash(ByteView data) {
  while (!data.empty()) {
    const std::uint64_t chunk = hashed_ / kChunkBytes;
    std::size_t taken;
    if (data.size() < kGroupBytes || tree_.groups() == 1) {
      taken = data.size();
      run_.next(1)[0] = crypto::subtree_cv(data, chunk, tree_.groups() == 1);
    } else {
      const std::size_t groups = std::min(data.size() / kGroupBytes, run_.missing());
      taken = groups * kGroupBytes;
      crypto::group_cvs(data.first(taken), chunk, run_.next(groups));
    }
    hashed_ += taken;
    data = data.subspan(taken);
    if (run_.full()) TRY_OK(end_run());
  }
  return {};
}

Result<> OutboardBuilder::end_run() {
  crypto::Cv cv = run_.fold(tree_.is_root(run_node_));
  TRY_OK(emit(run_node_.pair_index, run_.pairs()));
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    if (!frame.has_left) {
      frame.left = cv;
      frame.has_left = true;
      descend(frame.node.right());
      return {};
    }
    Pair pair;
    std::ranges::copy(frame.left, pair.begin());
    std::ranges::copy(cv, pair.begin() + 32);
    cv = crypto::parent_cv(pair, tree_.is_root(frame.node));
    TRY_OK(emit(frame.node.pair_index, pair));
    frames_.pop_back();
  }
  root_ = cv;
  return {};
}

Result<> OutboardBuilder::emit(std::uint64_t first_index, ByteView pairs) {
  if (pairs.empty() || !sink_) return {};
  Result<> sunk = sink_(first_index, pairs);
  failed_ = !sunk.has_value();
  return sunk;
}

Result<Blake3Hash> OutboardBuilder::finish() {
  if (failed_ || position_ != tree_.size())
    return fail(Code::bad_input, "fewer bytes than the blob's size");
  if (tree_.size() == 0) root_ = crypto::subtree_cv({}, 0, true);
  return Blake3Hash{root_};
}

}  // namespace archy::bao
