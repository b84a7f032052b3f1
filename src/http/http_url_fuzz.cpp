// Two parsers, one meaning: what the strict parser of `wire` takes for a URL of some host, the
// client must connect to at that host. And a redirect, wherever it leads, is again an absolute http
// or https URL that is its own normal form.
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "http/url.hpp"
#include "wire/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const std::string_view text = as_text({data, size});
  (void)http::display_url(text);
  const auto url = http::parse_url(text);
  if (const auto strict = wire::parse_url(text); strict && url) {
    const bool v6 = strict->host_kind == wire::HostKind::ipv6;
    CHECK(url->scheme == strict->scheme);
    CHECK(v6 ? url->host.starts_with('[') : url->host == strict->host);
  }
  if (url) {
    CHECK(url->scheme == "http" || url->scheme == "https");
    const auto again = http::parse_url(url->text);
    CHECK(again.has_value() && again->origin == url->origin);
  }
  const auto base = http::parse_url("https://origin.example/a/b?c");
  CHECK(base.has_value());
  if (const auto target = http::resolve_redirect(*base, text)) CHECK(target->scheme == "https");
  return 0;
}
