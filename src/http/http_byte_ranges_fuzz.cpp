// Range against a model: every byte of a small blob is marked by a reading of the header with
// 128-bit numbers; the decision must cover exactly those, but for the gaps that are worth closing.
// Shape: first byte = size, the rest = header; "|" splits off If-Range and tag lists.
#include <algorithm>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "http/byte_ranges.hpp"
#include "http/entity_tags.hpp"
#include "http/token.hpp"

namespace {

using Wide = unsigned __int128;

std::optional<Wide> number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Wide out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (out < (Wide{1} << 100)) out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return out;
}

struct Model {
  bool whole = true;
  std::vector<bool> wanted;
};

Model model(std::string_view text, std::uint64_t size) {
  Model out;
  out.wanted.assign(size, false);
  if (text.size() < 6 || !archy::http::equal_nocase(text.substr(0, 6), "bytes=")) return out;
  text.remove_prefix(6);
  bool any = false, tail = false;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto one = archy::http::trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    if (one.empty()) continue;
    const auto dash = one.find('-');
    if (dash == std::string_view::npos) return out;
    const auto left = one.substr(0, dash), right = one.substr(dash + 1);
    const auto a = number(left), b = number(right);
    if ((!a && !left.empty()) || (!b && !right.empty()) || (!a && !b)) return out;
    // From 2^64-1 on all numbers are alike: far away.
    constexpr Wide kFar = ~std::uint64_t{0};
    if (a && b && std::min(*b, kFar) < std::min(*a, kFar)) return out;
    any = true;
    tail |= !a && *b > 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      if (a ? i >= *a && (!b || i <= *b) : size - i <= *b) out.wanted[i] = true;
    }
  }
  out.whole = !any || (size == 0 && tail);
  return out;
}

void check_ranges(std::string_view text, std::uint64_t size) {
  const auto decision = archy::http::decide_ranges(text, size);
  const auto expected = model(text, size);
  CHECK(expected.whole == (decision.kind == archy::http::RangeKind::whole));
  if (decision.kind == archy::http::RangeKind::whole) return;
  std::size_t runs = 0;
  std::uint64_t gap = archy::http::kPartGapBytes;
  bool any = false;
  for (std::uint64_t i = 0; i < size; ++i) {
    if (expected.wanted[i]) {
      if (!any || gap >= archy::http::kPartGapBytes) ++runs;
      any = true;
      gap = 0;
    } else {
      ++gap;
    }
  }
  CHECK((decision.kind == archy::http::RangeKind::unsatisfiable) ==
        (!any || runs > archy::http::kMaxParts));
  if (decision.kind == archy::http::RangeKind::unsatisfiable) return;
  CHECK(decision.spans.size() == runs);
  std::vector<bool> sent(size, false);
  for (const auto& span : decision.spans) {
    CHECK(span.first <= span.last && span.last < size);
    CHECK(expected.wanted[span.first] && expected.wanted[span.last]);
    for (std::uint64_t i = span.first; i <= span.last; ++i) {
      CHECK(!sent[i]);
      sent[i] = true;
    }
  }
  for (std::uint64_t i = 0; i < size; ++i) CHECK(sent[i] || !expected.wanted[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto text = archy::as_text({data + 1, size - 1});
  const auto bar = text.find('|');
  const auto range = text.substr(0, bar);
  // A few sizes: nothing, small ones, and up to 2,040 bytes so that parts can lie apart.
  check_ranges(range, data[0] < 128 ? data[0] : (data[0] - 127u) * 16u);
  const auto huge = archy::http::decide_ranges(range, ~std::uint64_t{0});
  for (const auto& span : huge.spans)
    CHECK(span.first <= span.last && span.last != ~std::uint64_t{0});
  if (bar == std::string_view::npos) return 0;
  const auto tags = text.substr(bar + 1);
  constexpr std::string_view kTag = "\"ab\"";
  const bool weak = archy::http::names_tag(tags, kTag, archy::http::TagComparison::weak);
  const bool strong = archy::http::names_tag(tags, kTag, archy::http::TagComparison::strong);
  CHECK(!strong || weak);
  CHECK(!weak || tags.find('*') != std::string_view::npos || tags.contains(kTag));
  CHECK(!archy::http::if_range_holds(tags, kTag) || strong);
  return 0;
}
