// The scheduler's slow, obvious twin: the rules of scheduler.hpp group by group, without sets. The
// oracle of scheduler_fuzz.cpp and of the tests; nothing else includes it. Handles blobs of up to
// kGroups groups: more than all sources together are asked for while the size is unknown.
#pragma once

#include <algorithm>
#include <vector>

#include "fetch/scheduler.hpp"

namespace archy::fetch {

class SchedulerReference {
 public:
  static constexpr std::uint64_t kGroups = 512;

  SchedulerReference(SchedulerOptions options, rt::Instant now)
      : opt_(options), began_(now), last_start_(now), held_(kGroups) {}

  std::size_t add_source(SourceKind kind, std::uint64_t price) {
    sources_.push_back({.kind = kind, .price = price});
    return sources_.size() - 1;
  }
  void set_blob(std::optional<std::uint64_t> groups, const GroupSet& held) {
    bool another = size_ && size_ != groups;
    for (std::uint64_t g = 0; g < walk(); ++g)
      another = another || (size_ && held_[g] && !held.contains(ChunkIndex(g)));
    size_ = groups;
    for (std::uint64_t g = 0; g < kGroups; ++g) held_[g] = held.contains(ChunkIndex(g));
    for (auto& s : sources_) {
      if (another) {
        s.lacks.assign(kGroups, false);
        s.has.reset();
        s.ask.assign(kGroups, false);
        s.loose = false;
        s.end = s.begin;
        s.delivered = 0;
      } else if (s.state == State::busy) {
        s.end = std::min(s.end, total());
        s.asked_end = std::min(s.asked_end, total());
      }
    }
  }
  void set_playhead(std::optional<std::uint64_t> group, std::uint64_t read_ahead) {
    playhead_ = group;
    read_ahead_ = read_ahead;
  }
  void source_has(std::size_t i, std::optional<GroupSet> has) {
    sources_[i].has = std::move(has);
    sources_[i].lacks.assign(kGroups, false);
  }
  void verified(std::size_t i, GroupSpan groups, rt::Instant now) {
    auto& s = sources_[i];
    s.rate.add(groups.end - groups.begin, now);
    if (!s.progressed && s.state == State::busy)
      s.latency = s.latency ? std::min(*s.latency, now - s.started) : now - s.started;
    s.progressed = true;
    s.progress_at = now;
    s.delivered = std::max(s.delivered, groups.end);
    held(groups);
  }
  void held(GroupSpan groups) {
    for (auto g = groups.begin; g < groups.end; ++g) held_[g] = true;
  }
  void alive(std::size_t i, rt::Instant now) { sources_[i].progress_at = now; }
  void set_loose(std::size_t i) {
    if (sources_[i].state == State::busy) sources_[i].loose = true;
  }
  void wake(std::size_t i, rt::Instant now) {
    if (sources_[i].not_before == rt::kNever) sources_[i].not_before = now;
  }
  void ended(std::size_t i, Ended how, rt::Instant now) {
    auto& s = sources_[i];
    if (s.state == State::idle || s.state == State::dropped) return;
    if (how == Ended::called_off && s.displaced) how = Ended::retry;
    s.rate.end(now);
    s.state = State::idle;
    s.loose = s.displaced = s.preempted = false;
    s.not_before = how == Ended::waiting ? rt::kNever : now;
    if (s.progressed) s.failures = 0;
    if (how == Ended::done) {
      for (std::uint64_t g = 0; g < walk(); ++g) s.lacks[g] = s.lacks[g] || (s.ask[g] && !held_[g]);
    }
    if (how == Ended::retry) {
      if (!s.progressed) ++s.failures;
      ++s.errors;
      s.not_before = now + opt_.back_off.after(s.failures);
    }
    const bool hopeless = s.failures >= opt_.max_failures || s.errors >= opt_.max_errors;
    if (how == Ended::lied || how == Ended::useless || (how == Ended::done && !size_) ||
        (how == Ended::retry && hopeless)) {
      s.state = State::dropped;
    }
  }
  bool is_dropped(std::size_t i) const { return sources_[i].state == State::dropped; }

  Decision next(rt::Instant now) {
    Decision out;
    if (size_ && all_held()) {
      out.complete = true;
      return out;
    }
    now_ = now;
    undone_ = false;
    for (std::size_t i = 0; i < sources_.size(); ++i) settle(i, out);
    free_playhead();
    send_idle(out);
    if (preempt(out)) send_idle(out);
    out.wake = next_wake();
    if (undone_) out.wake = std::min(out.wake, now_ + std::chrono::milliseconds(1));
    out.stuck = out.wake == rt::kNever;
    for (const auto& s : sources_) {
      const bool waits = s.state == State::idle && s.not_before == rt::kNever;
      if (s.state == State::busy || s.state == State::stopping || waits) out.stuck = false;
    }
    return out;
  }

 private:
  enum class State { idle, busy, stopping, dropped };
  struct Source {
    SourceKind kind;
    std::uint64_t price;
    State state = State::idle;
    std::optional<GroupSet> has = {};
    std::vector<bool> lacks = std::vector<bool>(kGroups);
    std::vector<bool> ask = std::vector<bool>(kGroups);
    std::uint64_t begin = 0, end = 0, asked_end = 0, delivered = 0;
    bool loose = false, displaced = false, preempted = false, progressed = false;
    rt::Instant started{}, progress_at{}, not_before{};
    unsigned failures = 0, errors = 0;
    std::uint64_t last_size = 0;
    std::optional<rt::Duration> latency = {};
    RateMeter rate = {};
  };
  using Who = std::vector<std::size_t>;

  std::uint64_t total() const { return size_.value_or(kNoEnd); }
  std::uint64_t walk() const { return size_.value_or(kGroups); }
  bool missing(std::uint64_t g) const { return g < walk() && !held_[g]; }
  bool all_held() const {
    for (std::uint64_t g = 0; g < walk(); ++g) {
      if (missing(g)) return false;
    }
    return true;
  }
  rt::Instant stalls_at(std::size_t i) const {
    const auto& s = sources_[i];
    if (!s.progressed || s.rate.per_second(s.progress_at) < 40) {
      auto patience = opt_.stall_after;
      for (unsigned n = 0; n < s.failures && n < 4; ++n) patience *= 2;
      return s.progress_at + patience;
    }
    return s.progress_at + opt_.stall_after / 2;
  }
  bool stalled(std::size_t i) const { return now_ >= stalls_at(i); }
  double rate(std::size_t i) const { return sources_[i].rate.per_second(now_); }
  double latency(std::size_t i) const {
    return std::chrono::duration<double>(sources_[i].latency.value_or(rt::Duration{})).count();
  }
  bool works(std::size_t i) const { return sources_[i].state == State::busy && !sources_[i].loose; }
  bool covers(std::size_t i, std::uint64_t g) const {
    return works(i) && missing(g) && g >= sources_[i].begin && g < sources_[i].end;
  }
  bool brings(std::size_t i, std::uint64_t g) const {
    const auto& s = sources_[i];
    return missing(g) && !s.lacks[g] && (!s.has || s.has->contains(ChunkIndex(g)));
  }
  Who who(std::uint64_t g) const {
    Who out;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (covers(i, g)) out.push_back(i);
    }
    return out;
  }
  bool is_left(std::uint64_t g) const {  // by a stalled source that was alone on it
    const auto at = who(g);
    return at.size() == 1 && stalled(at[0]);
  }
  template <class F>
  std::optional<std::uint64_t> first(std::uint64_t from, F holds) const {
    for (auto g = from; g < walk(); ++g) {
      if (holds(g)) return g;
    }
    return std::nullopt;
  }
  template <class F>
  std::uint64_t number(F holds) const {
    std::uint64_t out = 0;
    for (std::uint64_t g = 0; g < walk(); ++g) out += holds(g) ? 1 : 0;
    return out;
  }

  bool origin_may_work() const {
    if (now_ >= began_ + opt_.head_start) return true;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const auto& s = sources_[i];
      if (s.kind != SourceKind::peer || s.state == State::dropped) continue;
      if (s.state != State::idle) return false;
      if (s.not_before <= now_ && first(0, [&](auto g) { return brings(i, g); })) return false;
    }
    return true;
  }
  bool is_ready(std::size_t i) const {
    const auto& s = sources_[i];
    if (s.state != State::idle || s.not_before > now_) return false;
    if (s.kind == SourceKind::origin) return origin_may_work();
    if (size_ || now_ >= last_start_ + opt_.ladder) return true;
    for (const auto& other : sources_) {
      if (other.kind == SourceKind::peer && other.state == State::busy) return false;
    }
    return true;
  }
  bool alone(std::size_t i) const {
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      const bool held_back = sources_[k].kind == SourceKind::origin && !origin_may_work();
      if (k != i && sources_[k].state != State::dropped && !held_back) return false;
    }
    return true;
  }
  std::uint64_t most(std::size_t i) const {
    const auto& s = sources_[i];
    if (!playhead_ && (s.kind == SourceKind::origin || alone(i))) return kNoEnd;
    std::uint64_t out = opt_.first_range;
    if (rate(i) > 0) {
      const auto work = std::max(playhead_ ? opt_.work_at_playhead : opt_.work,
                                 20 * sources_[i].latency.value_or(rt::Duration{}));
      const double time = std::chrono::duration<double>(work).count();
      out = static_cast<std::uint64_t>(
          std::clamp(rate(i) * time, 1.0, static_cast<double>(opt_.largest_range)));
    }
    return s.last_size > 0 ? std::min(out, 8 * s.last_size) : out;
  }
  Who idle_in_order() const {
    Who out;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].state == State::idle) out.push_back(i);
    }
    const auto before = [&](std::size_t a, std::size_t b) {
      const auto &x = sources_[a], &y = sources_[b];
      if (x.kind != y.kind) return x.kind < y.kind;
      if (x.price != y.price) return x.price < y.price;
      return rate(a) != rate(b) ? rate(a) > rate(b) : a < b;
    };
    std::ranges::sort(out, before);
    return out;
  }

  void settle(std::size_t i, Decision& out) {
    auto& s = sources_[i];
    if (!works(i)) return;
    std::uint64_t last = 0;
    for (std::uint64_t g = 0; g < walk(); ++g) {
      if (s.ask[g]) last = g + 1;
    }
    if (last > 0 && s.delivered >= last) return;
    auto next = first(0, [&](auto g) { return covers(i, g); });
    if (!next) {
      const auto open = [&](std::uint64_t g) {
        return missing(g) && s.ask[g] && (who(g).empty() || is_left(g));
      };
      next = first(s.end, [&](auto g) { return missing(g); });
      if (!next || !open(*next)) return call_off(i, out);
      const auto blocked = first(*next, [&](auto g) { return missing(g) && !open(g); });
      s.end = std::min(s.asked_end, blocked.value_or(kNoEnd));
    }
    const auto between =
        number([&](auto g) { return g >= s.delivered && g < *next && s.ask[g] && !missing(g); });
    if (between > std::max(opt_.bridge, static_cast<std::uint64_t>(rate(i) * latency(i))))
      call_off(i, out);
  }
  std::optional<std::uint64_t> urgent() const {
    if (!playhead_ || !size_) return std::nullopt;
    const auto g = first(*playhead_, [&](auto at) { return missing(at); });
    return g && *g - *playhead_ < read_ahead_ ? g : std::nullopt;
  }
  void free_playhead() {
    const auto g = urgent();
    if (!g) return;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      auto& s = sources_[i];
      if (!covers(i, *g) || s.begin >= *g) continue;
      std::uint64_t soon = opt_.near_playhead;
      if (rate(i) > 0) {
        const auto time = std::max(opt_.work_at_playhead, 2 * s.latency.value_or(rt::Duration{}));
        const double most = static_cast<double>(opt_.near_playhead);
        soon = static_cast<std::uint64_t>(std::clamp(
            rate(i) * std::chrono::duration<double>(time).count(), std::min(4.0, most), most));
      }
      if (number([&](auto at) { return at < *g && covers(i, at); }) > soon) s.end = *g;
    }
  }
  void send_idle(Decision& out) {
    for (std::size_t round = 0; round < sources_.size(); ++round) {
      const auto before = out;
      for (const auto i : idle_in_order()) {
        if (is_ready(i)) pick(i, out);
      }
      if (out == before) break;
    }
  }
  bool preempt(Decision& out) {
    const auto g = urgent();
    if (!g || !who(*g).empty()) return false;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].state == State::stopping && sources_[i].preempted) return false;
      if (!works(i) || !brings(i, *g)) continue;
      const auto at = first(0, [&](auto k) { return covers(i, k); });
      if (at && *at >= *playhead_ && *at < *playhead_ + read_ahead_) continue;
      if (!best || rate(i) > rate(*best)) best = i;
    }
    if (!best) return false;
    sources_[*best].preempted = true;
    call_off(*best, out);
    return true;
  }

  void call_off(std::size_t i, Decision& out) {
    sources_[i].state = State::stopping;
    for (auto at = out.start.begin(); at != out.start.end(); ++at) {
      if (at->source != i) continue;
      out.start.erase(at);
      undone_ = true;
      sources_[i].rate.end(now_);
      sources_[i].displaced = sources_[i].preempted = false;
      sources_[i].state = State::idle;
      return;
    }
    out.call_off.push_back(i);
  }
  void start(std::size_t i, std::uint64_t begin, std::uint64_t end, Decision& out) {
    auto& s = sources_[i];
    GroupSet ask;
    s.last_size = 0;
    for (std::uint64_t g = 0; g < kGroups; ++g) {
      s.ask[g] = g >= begin && g < end && brings(i, g);
      if (s.ask[g]) ask.add(g, g + 1);
    }
    if (!size_ && end == kNoEnd && s.ask[kGroups - 1]) ask.add(kGroups, kNoEnd);
    s.last_size = count(ask);
    s.begin = begin;
    s.end = s.asked_end = end;
    s.state = State::busy;
    s.delivered = 0;
    s.progressed = s.loose = s.displaced = s.preempted = false;
    s.started = s.progress_at = last_start_ = now_;
    s.rate.begin(now_);
    out.start.push_back({i, {begin, end}, ask});
  }
  // The run of `free` groups from the first in order, over held ones, of at most n.
  template <class F>
  void run(std::size_t i, F free, std::uint64_t n, Decision& out) {
    auto begin = first(playhead_.value_or(0), free);
    if (!begin) begin = first(0, free);
    if (!begin) return;
    auto end = *begin, g = *begin;
    for (; n > 0 && g < walk() && (free(g) || !missing(g)); ++g) {
      if (!free(g)) continue;
      end = g + 1;
      --n;
    }
    start(i, *begin, g == kGroups && n > 0 ? kNoEnd : end, out);
  }

  void pick(std::size_t i, Decision& out) {
    const bool is_origin = sources_[i].kind == SourceKind::origin;
    const auto n = most(i);
    if (!size_) {
      if (sources_[i].has)
        return run(i, [&](auto g) { return brings(i, g) && who(g).empty(); }, n, out);
      auto at = who(0);
      if (at.size() >= 2 && !is_origin) {
        return run(i, [&](auto g) { return missing(g) && who(g).empty(); }, n, out);
      }
      if (at.size() >= 2) {
        std::erase_if(at, [&](auto k) { return sources_[k].kind == SourceKind::origin; });
        if (at.empty()) return;
        const auto quiet = longest_silent(at);
        sources_[quiet].displaced = stalled(quiet);
        call_off(quiet, out);
      }
      const auto full = first(0, [&](auto g) { return who(g).size() >= 2; });
      return start(i, 0, std::min(n, full.value_or(kNoEnd)), out);
    }
    for (int turn = 0; turn < 2; ++turn) {
      const auto free = [&](auto g) { return brings(i, g) && who(g).empty(); };
      const auto left = [&](auto g) { return brings(i, g) && is_left(g); };
      const auto g = urgent();
      if (g && left(*g)) return run(i, left, n, out);
      if (const auto there = number(free)) {
        std::uint64_t live = 0;
        for (const auto& s : sources_) live += s.state == State::dropped ? 0 : 1;
        const auto fair = std::max(opt_.first_range, there / live);
        return run(i, free, n == kNoEnd ? n : std::min(n, fair), out);
      }
      if (number(left) > 0) return run(i, left, n, out);
      if (split(i, n, out) || hedge(i, out)) return;
      if (turn > 0 || !displace(i, out)) return;
    }
  }
  // Groups only `k` works on and `i` could bring.
  bool only(std::size_t k, std::size_t i, std::uint64_t g) const {
    return covers(k, g) && brings(i, g) && who(g).size() == 1;
  }
  bool split(std::size_t i, std::uint64_t most_groups, Decision& out) {
    std::optional<std::size_t> victim;
    double latest = 0;
    std::uint64_t take = 0;
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      if (!works(k) || stalled(k) || rate(k) <= 0) continue;
      const auto n = number([&](auto g) { return only(k, i, g); });
      if (n < 2 * opt_.smallest_split) continue;
      const double mine = rate(i) > 0 ? rate(i) : rate(k);
      const double left = static_cast<double>(n) / rate(k);
      const double share = (left - latency(i)) / (1 / rate(k) + 1 / mine);
      if (share < static_cast<double>(opt_.smallest_split) || left <= latest) continue;
      victim = k;
      latest = left;
      take = std::min({static_cast<std::uint64_t>(share), most_groups, n});
    }
    if (!victim || take == 0) return false;
    std::uint64_t begin = 0, end = 0;
    for (auto g = walk(); g-- > 0 && take > 0;) {
      if (end > 0 && missing(g) && !only(*victim, i, g)) break;
      if (!only(*victim, i, g)) continue;
      end = std::max(end, g + 1);
      begin = g;
      --take;
    }
    if (rate(i) > 0 && sources_[i].failures == 0) sources_[*victim].end = begin;
    start(i, begin, end, out);
    return true;
  }
  bool hedge(std::size_t i, Decision& out) {
    const bool is_peer = sources_[i].kind == SourceKind::peer;
    std::optional<std::size_t> victim;
    double latest = 0;
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      const auto n = static_cast<double>(number([&](auto g) { return only(k, i, g); }));
      if (n == 0 || (is_peer && (rate(k) <= 0 || rate(i) <= 0))) continue;
      const double left = rate(k) > 0 ? n / rate(k) : std::numeric_limits<double>::infinity();
      if (is_peer && latency(i) + n / rate(i) >= 0.75 * left) continue;
      if (left <= latest) continue;
      victim = k;
      latest = left;
    }
    if (!victim) return false;
    std::uint64_t begin = kNoEnd, end = 0;
    for (std::uint64_t g = 0; g < walk(); ++g) {
      if (end > 0 && missing(g) && !only(*victim, i, g)) break;
      if (!only(*victim, i, g)) continue;
      begin = std::min(begin, g);
      end = g + 1;
    }
    start(i, begin, end, out);
    return true;
  }
  std::size_t longest_silent(const Who& among) const {
    return *std::ranges::min_element(among, {}, [&](auto k) { return sources_[k].progress_at; });
  }
  bool displace(std::size_t i, Decision& out) {
    const bool for_origin = sources_[i].kind == SourceKind::origin;
    for (std::uint64_t g = 0; g < walk(); ++g) {
      const auto at = who(g);
      if (!brings(i, g) || at.size() < 2) continue;
      Who quiet, peers;
      for (const auto k : at) {
        if (stalled(k)) quiet.push_back(k);
        if (sources_[k].kind == SourceKind::peer) peers.push_back(k);
      }
      if (!for_origin && quiet.size() < 2) continue;
      if (!quiet.empty()) {
        const auto k = longest_silent(quiet);
        sources_[k].displaced = true;
        call_off(k, out);
        return true;
      }
      if (peers.empty()) continue;
      call_off(*std::ranges::min_element(peers, {}, [&](auto k) { return rate(k); }), out);
      return true;
    }
    return false;
  }

  rt::Instant next_wake() const {
    rt::Instant out = rt::kNever;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const auto& s = sources_[i];
      rt::Instant at = now_;
      if (works(i)) at = stalls_at(i);
      if (s.state == State::idle && first(0, [&](auto g) { return brings(i, g); })) {
        if (s.not_before > now_) {
          at = s.not_before;
        } else if (s.kind == SourceKind::origin) {
          at = began_ + opt_.head_start;
        } else if (!size_) {
          at = last_start_ + opt_.ladder;
        }
      }
      if (at > now_) out = std::min(out, at);
    }
    return out;
  }

  SchedulerOptions opt_;
  rt::Instant began_;
  rt::Instant last_start_;
  rt::Instant now_{};
  std::optional<std::uint64_t> size_;
  std::vector<bool> held_;
  std::optional<std::uint64_t> playhead_;
  std::uint64_t read_ahead_ = 0;
  std::vector<Source> sources_;
  bool undone_ = false;
};

}  // namespace archy::fetch
