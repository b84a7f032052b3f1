// The input as ticket text, and as the bytes inside one. Oracle: a ticket that was read is written
// and reads back equal, and what is written is its own normal form.
#include "base/check.hpp"
#include "blobs/ticket.hpp"
#include "wire/base32.hpp"

namespace archy::blobs {
namespace {

void blob(std::string_view text) {
  auto ticket = parse_blob_ticket(text);
  if (!ticket) {
    CHECK(ticket.error().detail.find('\n') == std::string::npos);
    return;
  }
  const std::string again = to_string(*ticket);
  if (again.size() > kTicketBytes)
    return;  // a relay's normal form may be longer than what was given
  auto reread = parse_blob_ticket(again);
  CHECK(reread.has_value() && *reread == *ticket);
  CHECK(to_string(*reread) == again);
}

void endpoint(std::string_view text) {
  auto ticket = parse_endpoint_ticket(text);
  if (!ticket) return;
  const std::string again = to_string(*ticket);
  if (again.size() > kTicketBytes) return;
  auto reread = parse_endpoint_ticket(again);
  CHECK(reread.has_value() && *reread == *ticket);
  CHECK(to_string(*reread) == again);
}

}  // namespace
}  // namespace archy::blobs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  blobs::blob(as_text(in));
  blobs::endpoint(as_text(in));
  blobs::blob("blob" + wire::to_base32(in));
  blobs::endpoint("endpoint" + wire::to_base32(in));
  return 0;
}
