// What an idle source is sent for: rules 4 to 6 and 8 to 11 of scheduler.hpp.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/test_hooks.hpp"
#include "fetch/scheduler.hpp"

namespace archy::fetch {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();
// How clearly sooner a second peer must be done (rule 10).
constexpr double kClearly = 0.75;

double seconds(rt::Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

// Rule 5.
std::uint64_t Scheduler::most_groups(std::size_t index, rt::Instant now) const {
  const auto& source = sources_[index];
  if (!playhead_ && (source.kind == SourceKind::origin || is_alone(index, now))) return kNoEnd;
  std::uint64_t most = options_.first_range;
  const double rate = source.rate.per_second(now);
  if (rate > 0) {
    const auto latency = 20 * source.latency.value_or(rt::Duration::zero());
    const auto work = std::max(playhead_ ? options_.work_at_playhead : options_.work, latency);
    const double groups =
        std::clamp(rate * seconds(work), 1.0, static_cast<double>(options_.largest_range));
    most = static_cast<std::uint64_t>(groups);
  }
  if (source.last_size > 0) most = std::min(most, 8 * source.last_size);
  return most;
}

// The run that begins with the first group of `free` in rule 6's order, of up to `most` groups of
// it; it may pass over what is held.
std::optional<GroupSpan> Scheduler::take_run(const GroupSet& free, const GroupSet& bridge,
                                             std::uint64_t most) const {
  auto begin = first_from(free, playhead_.value_or(0));
  if (!begin) begin = first_from(free, 0);
  if (!begin) return std::nullopt;
  const auto blocked = first_from(bridge, *begin).value_or(kNoEnd);
  return GroupSpan{*begin, end_of_first(within(free, {*begin, blocked}), most)};
}

// Rule 4.
std::optional<GroupSpan> Scheduler::pick_opening(std::size_t index, rt::Instant now,
                                                 Decision& out) {
  const auto most = most_groups(index, now);
  if (sources_[index].has) {
    const auto free = can_bring(sources_[index]) - cover(now).any;
    return take_run(free, missing_ - free, most);
  }
  std::vector<std::size_t> at_work;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (part(sources_[i]).contains(ChunkIndex(0))) at_work.push_back(i);
  }
  if (at_work.size() >= 2) {
    if (sources_[index].kind == SourceKind::peer) {
      const auto free = missing_ - cover(now).any;
      return take_run(free, missing_ - free, most);
    }
    std::erase_if(at_work, [&](std::size_t i) { return sources_[i].kind == SourceKind::origin; });
    if (at_work.empty()) return std::nullopt;
    const auto silent = std::ranges::min(
        at_work, {}, [&](std::size_t i) { return std::pair(sources_[i].progress_at, i); });
    sources_[silent].displaced = is_stalled(sources_[silent], now);
    call_off(silent, out);
  }
  return GroupSpan{0, std::min(most, first_from(cover(now).twice, 0).value_or(kNoEnd))};
}

// Rule 9.
std::optional<GroupSpan> Scheduler::split(std::size_t index, rt::Instant now) {
  const auto& self = sources_[index];
  const auto covered = cover(now);
  const auto mine = can_bring(self) & (covered.any - covered.twice);
  std::optional<std::size_t> victim;
  double latest = 0;
  std::uint64_t take = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& other = sources_[i];
    if (!other.works() || is_stalled(other, now)) continue;
    const double their_rate = other.rate.per_second(now);
    const auto n = count(part(other) & mine);
    if (their_rate <= 0 || n < 2 * options_.smallest_split) continue;
    double rate = self.rate.per_second(now);
    if (rate <= 0) rate = their_rate;
    const double groups = static_cast<double>(n);
    const double lead = groups / their_rate - seconds(self.latency.value_or(rt::Duration::zero()));
    const double share = lead / (1 / their_rate + 1 / rate);
    if (share < static_cast<double>(options_.smallest_split)) continue;
    if (groups / their_rate <= latest) continue;
    latest = groups / their_rate;
    victim = i;
    take = std::min({static_cast<std::uint64_t>(share), most_groups(index, now), n});
  }
  if (!victim || take == 0) return std::nullopt;
  auto& other = sources_[*victim];
  const auto theirs = part(other) & mine;
  const auto tail = last_run(theirs, missing_ - theirs);
  const GroupSpan out{begin_of_last(tail, take), tail.boundaries().back()};
  if (self.rate.per_second(now) > 0 && self.failures == 0) other.own_end = out.begin;
  return out;
}

// Rule 10.
std::optional<GroupSpan> Scheduler::hedge(std::size_t index, rt::Instant now) const {
  const auto& self = sources_[index];
  const auto covered = cover(now);
  const auto mine = can_bring(self) & (covered.any - covered.twice);
  const double rate = self.rate.per_second(now);
  const bool is_peer = self.kind == SourceKind::peer;
  std::optional<std::size_t> victim;
  double latest = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& other = sources_[i];
    if (!other.works()) continue;
    const double n = static_cast<double>(count(part(other) & mine));
    const double their_rate = other.rate.per_second(now);
    if (n == 0 || (is_peer && (their_rate <= 0 || rate <= 0))) continue;
    const double left = their_rate > 0 ? n / their_rate : kForever;
    const double needs = seconds(self.latency.value_or(rt::Duration::zero())) + n / rate;
    if (is_peer && needs >= kClearly * left) continue;
    if (left <= latest) continue;
    latest = left;
    victim = i;
  }
  if (!victim) return std::nullopt;
  const auto theirs = part(sources_[*victim]) & mine;
  const auto run = first_run(theirs, missing_ - theirs);
  return GroupSpan{run.boundaries().front(), run.boundaries().back()};
}

// Rule 11.
bool Scheduler::displace(std::size_t index, rt::Instant now, Decision& out) {
  const auto covered = cover(now);
  const bool for_origin = sources_[index].kind == SourceKind::origin;
  const auto twice = can_bring(sources_[index]) & covered.twice;
  for (auto from = first_from(twice, 0); from; from = first_from(twice, *from + 1)) {
    std::vector<std::size_t> pair;
    std::size_t stalled = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (!part(sources_[i]).contains(ChunkIndex(*from))) continue;
      pair.push_back(i);
      if (is_stalled(sources_[i], now)) ++stalled;
    }
    if (!for_origin && stalled < 2) continue;
    if (stalled > 0) {
      std::erase_if(pair, [&](std::size_t i) { return !is_stalled(sources_[i], now); });
      const auto silent = std::ranges::min(
          pair, {}, [&](std::size_t i) { return std::pair(sources_[i].progress_at, i); });
      sources_[silent].displaced = true;
      call_off(silent, out);
      return true;
    }
    std::erase_if(pair, [&](std::size_t i) { return sources_[i].kind == SourceKind::origin; });
    if (pair.empty()) continue;
    const auto slower = std::ranges::min(
        pair, {}, [&](std::size_t i) { return std::pair(sources_[i].rate.per_second(now), i); });
    call_off(slower, out);
    return true;
  }
  return false;
}

std::optional<GroupSpan> Scheduler::pick(std::size_t index, rt::Instant now, Decision& out) {
  if (!groups_) return pick_opening(index, now, out);
  for (const bool again : {false, true}) {
    const auto can = can_bring(sources_[index]);
    if (can.is_empty()) return std::nullopt;
    const auto covered = cover(now);
    const auto most = most_groups(index, now);
    const auto free = can - covered.any;
    const auto left = can & (covered.stalled - covered.twice);
    const auto urgent = urgent_group();
    if (urgent && left.contains(ChunkIndex(*urgent))) return take_run(left, missing_ - left, most);
    if (!free.is_empty()) {
      const auto live = static_cast<std::uint64_t>(std::ranges::count_if(
          sources_, [](const Source& source) { return source.state != State::dropped; }));
      const auto fair = std::max(options_.first_range, count(free) / live);
      return take_run(free, missing_ - free, most == kNoEnd ? most : std::min(most, fair));
    }
    if (test_hooks::planted("hedge_never_fires")) return std::nullopt;
    if (!left.is_empty()) return take_run(left, missing_ - left, most);
    if (auto range = split(index, now)) return range;
    if (auto range = hedge(index, now)) return range;
    if (again || !displace(index, now, out)) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace archy::fetch
