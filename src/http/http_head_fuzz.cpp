// Response head lines, one a line of the input: whatever comes, what is kept obeys the rules.
// covers: http/head_parser.cpp
#include "base/check.hpp"
#include "base/limits.hpp"
#include "http/content_range.hpp"
#include "http/head_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  std::string_view text = as_text({data, size});
  http::HeadParser parser;
  std::size_t fed = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    text.remove_prefix(line.size());
    if (!parser.add_line(line)) return 0;
    fed += line.size();
    CHECK(fed <= limits::kHttpHeaderBytes);
  }
  for (const auto& [name, value] : parser.head().headers) {
    CHECK(!name.empty());
    for (const char c : name) CHECK(c > ' ' && c < 0x7f && c != ':' && !(c >= 'A' && c <= 'Z'));
    for (const char c : value) CHECK(c != '\r' && c != '\n' && c != '\0');
  }
  if (parser.done()) CHECK(parser.head().status >= 200 && parser.head().status <= 999);
  if (http::check_framing(parser.head())) {
    if (auto length = parser.head().header("content-length")) {
      CHECK(http::parse_content_length(*length).has_value());
    }
  }
  return 0;
}
