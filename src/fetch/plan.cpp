#include "fetch/plan.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"

namespace archy::fetch {
namespace {

bool may_ask(const SourceState& source, const PlanLimits& limits) {
  return !source.left && source.failures < limits.max_failures && source.turns < limits.max_turns;
}

// Rule 5: the peer to ask for hashes, if any.
std::optional<std::size_t> skeleton_peer(const PlanState& state, const PlanLimits& limits) {
  for (std::size_t i = 0; i < state.sources.size(); ++i) {
    const auto& peer = state.sources[i];
    if (peer.kind == SourceKind::peer && peer.gave_bytes && !peer.skeleton_asked &&
        may_ask(peer, limits)) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

Action plan_next(const PlanState& state, const PlanLimits& limits, rt::Instant now) {
  using Kind = Action::Kind;
  if (state.complete) return {.kind = Kind::done};
  if (state.stopped) return {.kind = Kind::give_up};

  const auto helper = skeleton_peer(state, limits);
  std::optional<std::size_t> best;
  rt::Instant earliest = rt::kNever;
  for (std::size_t i = 0; i < state.sources.size(); ++i) {
    const auto& source = state.sources[i];
    if (!may_ask(source, limits)) continue;
    if (source.not_before > now) {
      earliest = std::min(earliest, source.not_before);
      continue;
    }
    if (source.needs_tree) {
      if (helper) return {.kind = Kind::skeleton, .source = *helper};
      return {.kind = Kind::quarantine, .source = i};
    }
    if (!best || source.turns < state.sources[*best].turns) best = i;
  }
  if (best) {
    const bool is_origin = state.sources[*best].kind == SourceKind::origin;
    return {.kind = is_origin && !helper ? Kind::quarantine : Kind::fetch, .source = *best};
  }
  if (earliest == rt::kNever) return {.kind = Kind::give_up};
  return {.kind = Kind::wait, .until = earliest};
}

Verdict judge(const Result<>& outcome, const Attempt& attempt) {
  if (outcome) return attempt.needs_tree ? Verdict::needs_tree : Verdict::exhausted;
  switch (outcome.error().code) {
    case Code::corrupt:
    case Code::peer_fault:
      return test_hooks::planted("liar_not_dropped") ? Verdict::retry : Verdict::lied;
    case Code::unreachable:
    case Code::timed_out:
    case Code::try_later:
    case Code::cancelled:
      return Verdict::retry;
    case Code::not_found:
    case Code::denied:
    case Code::unsupported:
    case Code::payment_needed:
    case Code::bad_input:
      return Verdict::leave;
    case Code::internal:
    case Code::no_space:
    case Code::io:
    case Code::locked:
    case Code::unknown_outcome:
      return Verdict::local_failure;
  }
  return Verdict::local_failure;
}

void note_attempt(SourceState& source, Verdict verdict, bool progressed, const BackOff& back_off,
                  rt::Instant now) {
  ++source.turns;
  source.needs_tree = verdict == Verdict::needs_tree;
  switch (verdict) {
    case Verdict::needs_tree:
      source.failures = 0;
      return;
    case Verdict::retry: {
      source.failures = progressed ? 0 : source.failures + 1;
      source.not_before = now + back_off.after(source.failures);
      return;
    }
    case Verdict::exhausted:
    case Verdict::leave:
    case Verdict::lied:
    case Verdict::local_failure:
      source.left = true;
      return;
  }
}

}  // namespace archy::fetch
