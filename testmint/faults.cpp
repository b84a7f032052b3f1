#include "testmint/faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace archy::testmint {
namespace {

using Json = nlohmann::json;
using enum FaultKind;

struct Named {
  FaultKind kind;
  std::string_view name;
  std::string_view route;  // the one it is about; none: every request
};

constexpr std::string_view kMelt = "POST /v1/melt/bolt11";
constexpr std::string_view kSigned = "POST /v1/swap|POST /v1/mint/bolt11";
constexpr std::string_view kMeltState = "GET /v1/melt/quote/*|POST /v1/melt/bolt11";
constexpr std::string_view kQuoted =
    "GET /v1/mint/quote/*|GET /v1/melt/quote/*|POST /v1/mint/bolt11|POST /v1/melt/bolt11";

constexpr auto kNames = std::to_array<Named>({
    {drop_before, "drop_before", ""},
    {drop_after, "drop_after", ""},
    {delay_before, "delay_before", ""},
    {delay_after, "delay_after", ""},
    {answer_before, "answer_before", ""},
    {answer_after, "answer_after", ""},
    {truncate, "truncate", ""},
    {duplicate, "duplicate", ""},
    {pay_pending, "pay_pending", kMelt},
    {pay_failed, "pay_failed", kMelt},
    {pay_unknown, "pay_unknown", kMelt},
    {pay_claimed, "pay_claimed", kMelt},
    {pay_fee, "pay_fee", kMelt},
    {pay_seen_late, "pay_seen_late", kMelt},
    {wrong_dleq, "wrong_dleq", kSigned},
    {missing_dleq, "missing_dleq", kSigned},
    {wrong_amount, "wrong_amount", kSigned},
    {one_fewer, "one_fewer", kSigned},
    {one_more, "one_more", kSigned},
    {hide_change, "hide_change", kMelt},
    {stale_state, "stale_state", kMeltState},
    {missing_change, "missing_change", kMelt},
    {zero_change, "zero_change", kMelt},
    {short_change, "short_change", kMelt},
    {refuse, "refuse", ""},
    {rotate_keyset, "rotate_keyset", ""},
    {expire_keyset, "expire_keyset", ""},
    {expire_quote, "expire_quote", kQuoted},
    {forget_quote, "forget_quote", kQuoted},
    {restart, "restart", ""},
    {clock_offset, "clock_offset", ""},
});

bool fits(std::string_view pattern, std::string_view text) {
  if (pattern.ends_with('*')) return text.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == text;
}

// "POST /v1/swap", "* /v1/melt/*", several with a | between them, "" for all.
bool matches(std::string_view routes, std::string_view method, std::string_view path) {
  if (routes.empty() || routes == "*") return true;
  const auto bar = routes.find('|');
  const std::string_view route = routes.substr(0, bar);
  const auto space = route.find(' ');
  const bool here = space == std::string_view::npos ? fits(route, path)
                                                    : fits(route.substr(0, space), method) &&
                                                          fits(route.substr(space + 1), path);
  if (here || bar == std::string_view::npos) return here;
  return matches(routes.substr(bar + 1), method, path);
}

void put(Carriage& out, const Fault& fault) {
  switch (fault.kind) {
    case drop_before:
      out.drop_before = true;
      break;
    case drop_after:
      out.drop_after = true;
      break;
    case delay_before:
      out.delay_before_ms += fault.ms;
      break;
    case delay_after:
      out.delay_after_ms += fault.ms;
      break;
    case answer_before:
      out.answer_before = fault.status;
      break;
    case answer_after:
      out.answer_after = fault.status;
      break;
    case truncate:
      out.truncate_at = fault.bytes;
      break;
    case duplicate:
      out.duplicate = true;
      break;
    default:
      out.inside.push_back(fault);
  }
}

template <class T>
Result<> read_number(const Json& json, const char* name, T& into) {
  const auto found = json.find(name);
  if (found == json.end()) return {};
  if (!found->is_number_integer())
    return fail(Code::bad_input, std::string(name) + ": not a whole number");
  into = found->get<T>();
  return {};
}

Result<Fault> read_fault(const Json& json) {
  if (!json.is_object() || !json.contains("fault") || !json["fault"].is_string())
    return fail(Code::bad_input, "a fault is an object that names its \"fault\"");
  const auto name = json["fault"].get<std::string>();
  const auto* const named = std::ranges::find(kNames, name, &Named::name);
  if (named == kNames.end()) return fail(Code::bad_input, "no such fault: " + name);
  Fault out{.kind = named->kind};
  for (const auto& [key, value] : json.items()) {
    static constexpr std::string_view kMembers[] = {"fault", "route",  "nth",    "times", "ms",
                                                    "code",  "amount", "status", "bytes"};
    if (std::ranges::find(kMembers, key) == std::end(kMembers))
      return fail(Code::bad_input, "no such member of a fault: " + key);
  }
  if (json.contains("route")) {
    if (!json["route"].is_string()) return fail(Code::bad_input, "route: not a string");
    out.route = json["route"].get<std::string>();
  }
  TRY_OK(read_number(json, "nth", out.nth));
  TRY_OK(read_number(json, "times", out.times));
  TRY_OK(read_number(json, "ms", out.ms));
  TRY_OK(read_number(json, "amount", out.amount));
  TRY_OK(read_number(json, "code", out.code));
  TRY_OK(read_number(json, "status", out.status));
  TRY_OK(read_number(json, "bytes", out.bytes));
  if (out.nth == 0) return fail(Code::bad_input, "nth: requests are counted from 1");
  return out;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  return std::ranges::find(kNames, kind, &Named::kind)->name;
}

Result<std::vector<Fault>> parse_faults(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Code::bad_input, "not JSON");
  std::vector<Fault> out;
  if (json.is_array()) {
    for (const Json& each : json) {
      TRY(fault, read_fault(each));
      out.push_back(std::move(fault));
    }
    return out;
  }
  TRY(fault, read_fault(json));
  out.push_back(std::move(fault));
  return out;
}

std::string fault_page(int status) {
  return "<html><head><title>" + std::to_string(status) +
         "</title></head><body>a proxy says</body></html>";
}

Result<> FaultScript::add(std::string_view json) {
  TRY(faults, parse_faults(json));
  for (Fault& fault : faults) add(std::move(fault));
  return {};
}

Carriage FaultScript::take(std::string_view method, std::string_view path) {
  Carriage out;
  for (Entry& entry : entries_) {
    const Fault& fault = entry.fault;
    const std::string_view route = fault.route.empty()
                                       ? std::ranges::find(kNames, fault.kind, &Named::kind)->route
                                       : std::string_view(fault.route);
    if (!matches(route, method, path)) continue;
    ++entry.seen;
    if (entry.seen < fault.nth) continue;
    if (fault.times != 0 && entry.seen - fault.nth >= fault.times) continue;
    put(out, fault);
    ++happened_;
  }
  std::erase_if(entries_, [](const Entry& entry) {
    return entry.fault.times != 0 && entry.seen + 1 >= entry.fault.nth + entry.fault.times;
  });
  return out;
}

}  // namespace archy::testmint
