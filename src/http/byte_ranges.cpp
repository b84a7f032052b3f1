#include "http/byte_ranges.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "http/token.hpp"

namespace archy::http {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

// One element of the list as it stands there: "first-", "first-last" or "-suffix".
struct Spec {
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;  // without first: the suffix length
};

// Digits only; more than fit mean "far beyond any size". None: not a number.
std::optional<std::uint64_t> read_number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kHuge - digit) / 10 ? kHuge : value * 10 + digit;
  }
  return value;
}

std::optional<Spec> read_spec(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto before = text.substr(0, dash);
  const auto after = text.substr(dash + 1);
  Spec out{.first = read_number(before), .last = read_number(after)};
  const bool is_malformed =
      (!before.empty() && !out.first) || (!after.empty() && !out.last) || (!out.first && !out.last);
  if (is_malformed || (out.first && out.last && *out.last < *out.first)) return std::nullopt;
  return out;
}

std::optional<ByteSpan> within(const Spec& spec, std::uint64_t size) {
  if (!spec.first) {
    const std::uint64_t length = std::min(*spec.last, size);
    if (length == 0) return std::nullopt;
    return ByteSpan{size - length, size - 1};
  }
  if (*spec.first >= size) return std::nullopt;
  return ByteSpan{*spec.first, std::min(spec.last.value_or(kHuge), size - 1)};
}

bool touches(const ByteSpan& a, const ByteSpan& b) {
  const auto& [low, high] = a.first <= b.first ? std::pair(a, b) : std::pair(b, a);
  return high.first <= low.last || high.first - low.last <= kPartGapBytes;
}

// Ascending, apart.
std::vector<ByteSpan> merged(std::vector<ByteSpan> spans) {
  std::ranges::sort(spans, {}, &ByteSpan::first);
  std::vector<ByteSpan> out;
  for (const ByteSpan& span : spans) {
    if (!out.empty() && touches(out.back(), span)) {
      out.back().last = std::max(out.back().last, span.last);
    } else {
      out.push_back(span);
    }
  }
  return out;
}

}  // namespace

RangeDecision decide_ranges(std::string_view range, std::uint64_t size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (!equal_nocase(range.substr(0, kUnit.size()), kUnit)) return {};
  std::vector<ByteSpan> spans;
  bool has_spec = false;
  bool asks_for_tail = false;
  for (std::string_view rest = range.substr(kUnit.size()); !rest.empty();) {
    const auto comma = rest.find(',');
    const auto element = trimmed(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (element.empty()) continue;  // lists may have empty elements
    const auto spec = read_spec(element);
    if (!spec) return {};
    has_spec = true;
    asks_for_tail |= !spec->first && *spec->last > 0;
    if (const auto span = within(*spec, size_bytes)) spans.push_back(*span);
  }
  if (!has_spec) return {};
  // The last bytes of nothing are nothing: satisfiable, and no 206 could say so.
  if (size_bytes == 0 && asks_for_tail) return {};
  auto apart = merged(spans);
  if (apart.empty() || apart.size() > kMaxParts) return {.kind = RangeKind::unsatisfiable};
  const bool is_apart_already = apart.size() == spans.size();
  return {.kind = RangeKind::partial, .spans = is_apart_already ? spans : apart};
}

}  // namespace archy::http
