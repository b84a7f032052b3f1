// Oracle: the normal form of a URL that was read is read again, to the same parts, and is its own
// normal form.
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wire/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  auto url = wire::parse_url(as_text({data, size}));
  if (!url) return 0;
  CHECK(!url->host.empty() && url->port != 0 && url->path.starts_with('/'));
  const std::string normal = wire::to_string(*url);
  if (normal.size() > wire::kUrlBytes) return 0;
  auto again = wire::parse_url(normal);
  CHECK(again.has_value() && *again == *url);
  CHECK(wire::to_string(*again) == normal);
  return 0;
}
