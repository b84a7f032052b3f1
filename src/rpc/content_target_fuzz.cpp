// Paths of the content port: what is accepted is printed back as the same path.
#include <string>

#include "base/check.hpp"
#include "rpc/content_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = archy::as_text({data, size});
  const auto target = archy::rpc::parse_content_target(path);
  if (!target) return 0;
  std::string again = "/blobs/" + target->hash.hex();
  if (!target->extension.empty()) again += "." + std::string(target->extension);
  if (target->part == archy::rpc::ContentPart::outboard) again += ".obao4";
  CHECK(again == path);
  CHECK(archy::rpc::content_type(target->extension).find('/') != std::string_view::npos);
  return 0;
}
