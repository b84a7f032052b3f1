#include "bao/preorder_run.hpp"

#include <cstring>

#include "base/check.hpp"

namespace archy::bao {

PreorderRun::PreorderRun(std::uint64_t max_groups)
    : max_groups_(max_groups),
      // Halving with odd ones carried up: at most 2n, and one more for each layer.
      cvs_(static_cast<std::size_t>(2 * max_groups) + std::tuple_size_v<decltype(layers_)>),
      pairs_(static_cast<std::size_t>(max_groups - 1) * kPairBytes) {
  CHECK(max_groups > 0 && max_groups <= kMaxGroups);
}

void PreorderRun::begin(std::uint64_t groups) {
  CHECK(groups > 0 && groups <= max_groups_);
  groups_ = static_cast<std::size_t>(groups);
  filled_ = 0;
}

std::span<crypto::Cv> PreorderRun::next(std::size_t n) {
  CHECK(n <= missing());
  const auto room = std::span(cvs_).subspan(filled_, n);
  filled_ += n;
  return room;
}

crypto::Cv PreorderRun::fold(bool is_root) {
  CHECK(full() && groups_ > 0);
  if (groups_ == 1) return cvs_[0];
  std::size_t height = 0;
  layers_[0] = {0, groups_};
  while (layers_[height].count > 2) {
    const Layer from = layers_[height];
    const Layer to{from.begin + from.count, (from.count + 1) / 2};
    const std::size_t parents = from.count / 2;
    const std::span all(cvs_);
    crypto::parent_cvs(all.subspan(from.begin, 2 * parents), all.subspan(to.begin, parents));
    if (from.count % 2 != 0) cvs_[to.begin + parents] = cvs_[from.begin + from.count - 1];
    layers_[++height] = to;
  }
  placed_ = 0;
  place(height + 1, 0);
  CHECK(placed_ == groups_ - 1);
  const crypto::Cv* top = &cvs_[layers_[height].begin];
  return crypto::parent_cv(top[0], top[1], is_root);
}

// The pair of node `index` at `height` above the groups, then those below it.
void PreorderRun::place(std::size_t height, std::size_t index) {
  while (height > 0) {
    const Layer& below = layers_[height - 1];
    --height;
    index *= 2;
    if (index + 1 >= below.count) continue;  // carried up: the same node one layer down
    std::memcpy(&pairs_[placed_ * kPairBytes], &cvs_[below.begin + index], kPairBytes);
    ++placed_;
    place(height, index);
    ++index;
  }
}

}  // namespace archy::bao
