#include "fetch/scheduler.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "base/test_hooks.hpp"

namespace archy::fetch {
namespace {

// Groups a second that make a flow: silence is then noticed sooner.
constexpr double kFlow = 40;
// The most patience: stall_after doubled so often.
constexpr unsigned kDoublings = 4;
// When to look again for a source whose start was taken back.
constexpr rt::Duration kSoon = std::chrono::milliseconds(1);

}  // namespace

Scheduler::Scheduler(SchedulerOptions options, rt::Instant now)
    : options_(options), started_(now), last_start_(now), missing_(group_set({0, kNoEnd})) {}

std::size_t Scheduler::add_source(SourceKind kind, std::uint64_t price) {
  Source source;
  source.kind = kind;
  source.price = price;
  sources_.push_back(std::move(source));
  return sources_.size() - 1;
}

void Scheduler::set_blob(std::optional<std::uint64_t> groups, GroupSet held) {
  const auto missing_before =
      std::exchange(missing_, group_set({0, groups.value_or(kNoEnd)}) - held);
  const bool another = groups_ && (groups_ != groups || !(missing_ - missing_before).is_empty());
  groups_ = groups;
  for (auto& source : sources_) {
    if (another) {
      source.lacks = {};
      source.has.reset();
      source.ask = {};
      source.own_end = source.range.begin;
      source.loose = false;
      source.delivered = 0;
    } else if (source.state == State::busy) {
      source.own_end = std::min(source.own_end, total());
      source.range.end = std::min(source.range.end, total());
      source.ask = within(source.ask, {0, total()});
    }
  }
}

void Scheduler::set_playhead(std::optional<std::uint64_t> group, std::uint64_t read_ahead) {
  if (test_hooks::planted("playhead_ignored")) return;
  playhead_ = group;
  read_ahead_ = read_ahead;
}

void Scheduler::source_has(std::size_t source, std::optional<GroupSet> has) {
  sources_[source].has = std::move(has);
  sources_[source].lacks = {};
}

bool Scheduler::verified(std::size_t index, GroupSpan groups, rt::Instant now) {
  auto& source = sources_[index];
  source.rate.add(groups.end - groups.begin, now);
  if (!source.progressed && source.state == State::busy) {
    const rt::Duration took = now - source.started;
    source.latency = source.latency ? std::min(*source.latency, took) : took;
  }
  source.progressed = true;
  source.progress_at = now;
  source.delivered = std::max(source.delivered, groups.end);
  held(groups);
  if (!source.works()) return missing_.is_empty();
  const auto next = first_from(missing_, source.delivered);
  return !next || *next >= source.own_end || *next - source.delivered > little(source, now);
}

void Scheduler::held(GroupSpan groups) { missing_ = missing_ - group_set(groups); }

void Scheduler::alive(std::size_t source, rt::Instant now) { sources_[source].progress_at = now; }

void Scheduler::set_loose(std::size_t source) {
  if (sources_[source].state == State::busy) sources_[source].loose = true;
}

void Scheduler::ended(std::size_t index, Ended how, rt::Instant now) {
  auto& source = sources_[index];
  if (source.state != State::busy && source.state != State::stopping) return;
  const bool was_displaced = source.displaced;
  const auto mine = part(source);
  source.rate.end(now);
  source.state = State::idle;
  source.loose = source.displaced = source.preempted = false;
  source.not_before = now;
  if (source.progressed) source.failures = 0;
  if (how == Ended::called_off && was_displaced) how = Ended::retry;
  switch (how) {
    case Ended::called_off:
      return;
    case Ended::done:
      source.lacks |= source.ask & missing_;
      if (!groups_) source.state = State::dropped;  // it had nothing to say
      return;
    case Ended::waiting:
      source.not_before = rt::kNever;
      return;
    case Ended::retry:
      if (!source.progressed) ++source.failures;
      ++source.errors;
      source.not_before = now + options_.back_off.after(source.failures);
      if (source.failures < options_.max_failures && source.errors < options_.max_errors) return;
      [[fallthrough]];
    case Ended::lied:
      if (test_hooks::planted("liar_range_not_reassigned")) missing_ = missing_ - mine;
      [[fallthrough]];
    case Ended::useless:
      source.state = State::dropped;
      return;
  }
}

void Scheduler::wake(std::size_t source, rt::Instant now) {
  if (sources_[source].not_before == rt::kNever) sources_[source].not_before = now;
}

std::uint64_t Scheduler::little(const Source& source, rt::Instant now) const {
  const auto latency = source.latency.value_or(rt::Duration::zero());
  const double in_a_latency =
      source.rate.per_second(now) * std::chrono::duration<double>(latency).count();
  return std::max(options_.bridge, static_cast<std::uint64_t>(in_a_latency));
}

bool Scheduler::is_stalled(const Source& source, rt::Instant now) const {
  return now >= stalls_at(source);
}

rt::Instant Scheduler::stalls_at(const Source& source) const {
  const bool flows = source.progressed && source.rate.per_second(source.progress_at) >= kFlow;
  if (flows) return source.progress_at + options_.stall_after / 2;
  return source.progress_at + options_.stall_after * (1 << std::min(source.failures, kDoublings));
}

GroupSet Scheduler::part(const Source& source) const {
  if (!source.works()) return {};
  return within(missing_, {source.range.begin, source.own_end});
}

GroupSet Scheduler::can_bring(const Source& source) const {
  const auto all = missing_ - source.lacks;
  return source.has ? all & *source.has : all;
}

Scheduler::Cover Scheduler::cover(rt::Instant now) const {
  Cover out;
  for (const auto& source : sources_) {
    if (!source.works()) continue;
    const auto mine = part(source);
    out.twice |= out.any & mine;
    out.any |= mine;
    if (is_stalled(source, now)) out.stalled |= mine;
  }
  return out;
}

// Rule 13.
bool Scheduler::origin_may_work(rt::Instant now) const {
  if (now >= started_ + options_.head_start) return true;
  return std::ranges::none_of(sources_, [&](const Source& source) {
    return source.kind == SourceKind::peer && source.state != State::dropped &&
           (source.state != State::idle ||
            (source.not_before <= now && !can_bring(source).is_empty()));
  });
}

bool Scheduler::is_ready(std::size_t index, rt::Instant now) const {
  const auto& source = sources_[index];
  if (source.state != State::idle || source.not_before > now) return false;
  if (source.kind == SourceKind::origin) return origin_may_work(now);
  if (groups_) return true;
  const bool peer_at_work = std::ranges::any_of(sources_, [](const Source& other) {
    return other.kind == SourceKind::peer && other.state == State::busy;
  });
  return !peer_at_work || now >= last_start_ + options_.ladder;
}

bool Scheduler::is_alone(std::size_t index, rt::Instant now) const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (i == index || sources_[i].state == State::dropped) continue;
    if (sources_[i].kind == SourceKind::origin && !origin_may_work(now)) continue;
    return false;
  }
  return true;
}

std::vector<std::size_t> Scheduler::ready_sources(rt::Instant now) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].state == State::idle) out.push_back(i);
  }
  const auto rank = [&](std::size_t i) {
    const auto& source = sources_[i];
    return std::tuple(source.kind, source.price, -source.rate.per_second(now), i);
  };
  std::ranges::sort(out, {}, rank);
  return out;
}

void Scheduler::call_off(std::size_t index, Decision& out) {
  auto& source = sources_[index];
  const auto begun =
      std::erase_if(out.start, [&](const auto& start) { return start.source == index; });
  if (begun > 0) {  // in this very decision: it never was
    undone_ = true;
    source.rate.end(source.started);
    source.displaced = source.preempted = false;
    source.state = State::idle;
    return;
  }
  source.state = State::stopping;
  out.call_off.push_back(index);
}

// Rule 12, and whoever is left with work of a tree that is not the blob's.
void Scheduler::settle_finished(rt::Instant now, Decision& out) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto& source = sources_[i];
    if (!source.works()) continue;
    if (!source.ask.is_empty() && source.delivered >= source.ask.boundaries().back()) continue;
    auto next = first_from(part(source), 0);
    if (!next) {
      const auto others = cover(now);
      const auto free =
          source.ask & missing_ & ((missing_ - others.any) | (others.stalled - others.twice));
      next = first_from(free, source.own_end);
      if (next && next == first_from(missing_, source.own_end)) {
        const auto blocked = first_from(missing_ - free, *next);
        source.own_end = std::min(source.range.end, blocked.value_or(kNoEnd));
      } else {
        next.reset();
      }
    }
    const auto held = next ? within(source.ask - missing_, {source.delivered, *next}) : GroupSet();
    if (next && count(held) <= little(source, now)) continue;
    call_off(i, out);
  }
}

std::optional<std::uint64_t> Scheduler::urgent_group() const {
  if (!playhead_ || !groups_) return std::nullopt;
  const auto group = first_from(missing_, *playhead_);
  if (!group || *group - *playhead_ >= read_ahead_) return std::nullopt;
  return group;
}

// Rule 7: how many groups before the urgent one a source brings soon.
std::uint64_t Scheduler::soon(const Source& source, rt::Instant now) const {
  const double rate = source.rate.per_second(now);
  if (rate <= 0) return options_.near_playhead;
  const auto latency = 2 * source.latency.value_or(rt::Duration::zero());
  const rt::Duration time = std::max(options_.work_at_playhead, latency);
  const double groups = rate * std::chrono::duration<double>(time).count();
  const double most = static_cast<double>(options_.near_playhead);
  return static_cast<std::uint64_t>(std::clamp(groups, std::min(4.0, most), most));
}

// Rule 7, first half.
void Scheduler::free_playhead(rt::Instant now) {
  const auto group = urgent_group();
  if (!group) return;
  for (auto& source : sources_) {
    if (!source.works() || source.range.begin >= *group || source.own_end <= *group) continue;
    const auto before = within(missing_, {source.range.begin, *group});
    if (count(before) > soon(source, now)) source.own_end = *group;
  }
}

// Rule 7, second half.
bool Scheduler::preempt_for_playhead(rt::Instant now, Decision& out) {
  const auto group = urgent_group();
  if (!group) return false;
  std::optional<std::size_t> fastest;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& source = sources_[i];
    if (source.state == State::stopping && source.preempted) return false;
    if (!source.works()) continue;
    const auto mine = part(source);
    if (mine.contains(ChunkIndex(*group))) return false;
    const auto at = first_from(mine, 0);
    const bool in_window = at && *at >= *playhead_ && *at - *playhead_ < read_ahead_;
    if (in_window || !can_bring(source).contains(ChunkIndex(*group))) continue;
    if (!fastest || source.rate.per_second(now) > sources_[*fastest].rate.per_second(now)) {
      fastest = i;
    }
  }
  if (!fastest) return false;
  sources_[*fastest].preempted = true;
  call_off(*fastest, out);
  return true;
}

void Scheduler::begin(std::size_t index, GroupSpan range, rt::Instant now, Decision& out) {
  auto& source = sources_[index];
  source.range = range;
  source.own_end = range.end;
  source.ask = within(can_bring(source), range);
  CHECK(!source.ask.is_empty());
  source.last_size = count(source.ask);
  source.state = State::busy;
  source.delivered = 0;
  source.progressed = source.loose = source.displaced = source.preempted = false;
  source.started = source.progress_at = now;
  source.rate.begin(now);
  last_start_ = now;
  out.start.push_back({index, range, source.ask});
}

rt::Instant Scheduler::next_wake(rt::Instant now) const {
  rt::Instant out = rt::kNever;
  const auto at = [&](rt::Instant when) {
    if (when > now) out = std::min(out, when);
  };
  for (const auto& source : sources_) {
    if (source.works()) at(stalls_at(source));
    if (source.state != State::idle || can_bring(source).is_empty()) continue;
    if (source.not_before > now) {
      at(source.not_before);
    } else if (source.kind == SourceKind::origin) {
      at(started_ + options_.head_start);
    } else if (!groups_) {
      at(last_start_ + options_.ladder);
    }
  }
  return out;
}

void Scheduler::send_idle(rt::Instant now, Decision& out) {
  // What one takes over may free something for another: as many rounds as there are sources.
  for (std::size_t round = 0; round < sources_.size(); ++round) {
    const auto before = std::pair(out.start, out.call_off);
    for (const auto index : ready_sources(now)) {
      if (!is_ready(index, now)) continue;
      if (auto range = pick(index, now, out)) begin(index, *range, now, out);
    }
    if (before == std::pair(out.start, out.call_off)) break;
  }
}

Decision Scheduler::next(rt::Instant now) {
  Decision out;
  if (groups_ && missing_.is_empty()) {
    out.complete = true;
    return out;
  }
  undone_ = false;
  settle_finished(now, out);
  free_playhead(now);
  send_idle(now, out);
  if (preempt_for_playhead(now, out)) send_idle(now, out);
  out.wake = next_wake(now);
  if (undone_) out.wake = std::min(out.wake, now + kSoon);
  out.stuck = out.wake == rt::kNever && std::ranges::none_of(sources_, [](const Source& source) {
                return source.state == State::busy || source.state == State::stopping ||
                       (source.state == State::idle && source.not_before == rt::kNever);
              });
  return out;
}

}  // namespace archy::fetch
