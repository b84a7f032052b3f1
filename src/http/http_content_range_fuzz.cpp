// Content-Range against a naive model that reads with 128-bit numbers.
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "http/content_range.hpp"

namespace {

using Wide = unsigned __int128;

// Reads digits; saturates far above 2^64 so that length alone cannot wrap the model.
bool model_number(std::string_view text, Wide& out) {
  if (text.empty()) return false;
  out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    if (out < (Wide{1} << 100)) out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return true;
}

struct Model {
  bool valid = false;
  bool has_span = false, has_total = false;
  Wide first = 0, last = 0, total = 0;
};

Model model(std::string_view text) {
  Model out;
  constexpr Wide kMax = ~std::uint64_t{0};
  if (text.size() < 6) return out;
  for (std::size_t i = 0; i < 5; ++i) {
    if ((text[i] | 0x20) != "bytes"[i]) return out;
  }
  if (text[5] != ' ') return out;
  text.remove_prefix(6);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return out;
  const auto place = text.substr(0, slash), total = text.substr(slash + 1);
  if (total != "*") {
    if (!model_number(total, out.total) || out.total > kMax) return out;
    out.has_total = true;
  }
  if (place != "*") {
    const auto dash = place.find('-');
    if (dash == std::string_view::npos) return out;
    if (!model_number(place.substr(0, dash), out.first)) return out;
    if (!model_number(place.substr(dash + 1), out.last)) return out;
    if (out.last > kMax || out.first > out.last) return out;
    if (out.has_total && out.last >= out.total) return out;
    out.has_span = true;
  }
  out.valid = out.has_span || out.has_total;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = archy::as_text({data, size});
  const auto parsed = archy::http::parse_content_range(text);
  const auto expected = model(text);
  CHECK(parsed.has_value() == expected.valid);
  if (parsed) {
    CHECK(parsed->span.has_value() == expected.has_span);
    CHECK(parsed->total.has_value() == expected.has_total);
    if (parsed->span) CHECK(parsed->span->first == expected.first);
    if (parsed->span) CHECK(parsed->span->last == expected.last);
    if (parsed->total) CHECK(*parsed->total == expected.total);
  }
  Wide length = 0;
  const bool is_length = model_number(text, length) && length <= ~std::uint64_t{0};
  const auto content_length = archy::http::parse_content_length(text);
  CHECK(content_length.has_value() == is_length);
  if (content_length) CHECK(*content_length == length);
  return 0;
}
