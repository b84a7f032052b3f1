#include "fetch/arrival.hpp"

#include <algorithm>

namespace archy::fetch {

void Arrival::Place::move_to(std::uint64_t group) {
  group_ = group;
  arrival_.places_.remove(this);
  arrival_.places_.push_front(this);
  arrival_.tell();
}

rt::Task<> Arrival::Place::wait_for(std::optional<std::uint64_t> group, rt::Clock& clock) {
  for_size_ = !group;
  if (group) group_ = *group;
  arrival_.waiting_.push_back(this);
  arrival_.tell();
  auto waited = co_await arrival_.changed_.wait(clock);
  arrival_.waiting_.remove(this);
  for_size_ = false;
  co_return waited;
}

std::optional<Arrival::Playhead> Arrival::playhead() const {
  const auto* first = !waiting_.empty() ? waiting_.front() : nullptr;
  if (!first && !places_.empty()) first = places_.front();
  if (!first) return std::nullopt;
  return Playhead{first->for_size_ ? std::nullopt : std::optional(first->group_)};
}

bool Arrival::any_is_waited_for(const GroupSet& groups) const {
  return std::ranges::any_of(waiting_, [&](const Place* place) {
    return !place->for_size_ && groups.contains(ChunkIndex(place->group_));
  });
}

bool Arrival::size_is_waited_for() const {
  return std::ranges::any_of(waiting_, [](const Place* place) { return place->for_size_; });
}

void Arrival::end(std::optional<Error> error) {
  if (over_) return;
  over_ = true;
  error_ = std::move(error);
  on_change_ = nullptr;
  changed_.notify();
}

}  // namespace archy::fetch
