#include "app/arrivals.hpp"

namespace archy::app {

std::shared_ptr<fetch::Arrival> Arrivals::expect(const Blake3Hash& hash) {
  auto known = find(hash);
  if (known && !known->has_fetch()) return known;
  auto made = std::make_shared<fetch::Arrival>(executor_);
  if (known) return made;  // two fetch it: readers stay with the first
  std::erase_if(arrivals_, [](const auto& entry) { return entry.second.expired(); });
  arrivals_[hash] = made;
  return made;
}

std::shared_ptr<fetch::Arrival> Arrivals::find(const Blake3Hash& hash) const {
  const auto found = arrivals_.find(hash);
  if (found == arrivals_.end()) return nullptr;
  auto out = found->second.lock();
  return out && !out->is_over() ? out : nullptr;
}

}  // namespace archy::app
