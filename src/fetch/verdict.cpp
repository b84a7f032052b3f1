#include "fetch/verdict.hpp"

#include "base/test_hooks.hpp"

namespace archy::fetch {

Verdict judge(const Result<>& outcome) {
  if (outcome) return Verdict::done;
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

Error nothing_worked(const FetchReport& report) {
  if (report.sources.empty()) return {Code::not_found, "no source to ask"};
  for (const auto& row : report.sources) {
    if (row.lied) return {Code::corrupt, row.name + ": " + to_string(*row.last_error)};
  }
  const auto find = [&](std::initializer_list<Code> codes) -> const SourceReport* {
    for (const auto code : codes) {
      for (const auto& row : report.sources) {
        if (row.last_error && row.last_error->code == code) return &row;
      }
    }
    return nullptr;
  };
  const auto* unreachable = find({Code::unreachable, Code::timed_out, Code::try_later});
  if (unreachable) {
    return {Code::unreachable, unreachable->name + ": " + to_string(*unreachable->last_error)};
  }
  const auto* other = find(
      {Code::payment_needed, Code::denied, Code::unsupported, Code::not_found, Code::bad_input});
  if (!other) return {Code::not_found, "no source has all of it"};
  return {other->last_error->code, other->name + ": " + to_string(*other->last_error)};
}

}  // namespace archy::fetch
