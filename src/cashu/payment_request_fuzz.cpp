// Payment requests as text, and as the bytes inside. Oracle: what was read is written and reads
// back equal.
#include "base/check.hpp"
#include "cashu/payment_request.hpp"
#include "wire/base64url.hpp"

namespace archy::cashu {
namespace {

void request(std::string_view text) {
  const auto read = parse_payment_request(text);
  if (!read) return;
  const auto again = to_string(*read);
  CHECK(parse_payment_request(again).value() == *read);
  CHECK(to_string(*parse_payment_request(again)) == again);
}

}  // namespace
}  // namespace archy::cashu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  cashu::request(as_text(in));
  if (size < 40000) cashu::request("creqA" + wire::to_base64url(in));
  return 0;
}
