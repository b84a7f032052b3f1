#include "http/content_range.hpp"

#include <charconv>

namespace archy::http {
namespace {

// Digits at the front of `text`, which is advanced past them.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// Unit names compare without case (RFC 9110 section 14.1).
bool take_unit(std::string_view& text) {
  constexpr std::string_view kUnit = "bytes ";
  if (text.size() < kUnit.size()) return false;
  for (std::size_t i = 0; i < kUnit.size(); ++i) {
    const char c = text[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (lower != kUnit[i]) return false;
  }
  text.remove_prefix(kUnit.size());
  return true;
}

}  // namespace

Result<ContentRange> parse_content_range(std::string_view text) {
  const auto malformed = [] { return fail(Code::peer_fault, "malformed Content-Range"); };
  if (!take_unit(text)) return malformed();
  ContentRange out;
  if (!take(text, "*/")) {
    const auto first = take_number(text);
    if (!first || !take(text, "-")) return malformed();
    const auto last = take_number(text);
    if (!last || *last < *first || !take(text, "/")) return malformed();
    out.span = ContentRange::Span{*first, *last};
    if (text == "*") return out;
  }
  out.total = take_number(text);
  if (!out.total || !text.empty()) return malformed();
  if (out.span && out.span->last >= *out.total) return malformed();
  return out;
}

Result<std::uint64_t> parse_content_length(std::string_view text) {
  const auto value = take_number(text);
  if (!value || !text.empty()) return fail(Code::peer_fault, "malformed Content-Length");
  return *value;
}

}  // namespace archy::http
