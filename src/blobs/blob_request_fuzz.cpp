// Oracle: a request that was read is written and reads back equal; its encoding is the shortest
// form of it.
#include "base/check.hpp"
#include "blobs/request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  auto request = blobs::decode_request({data, size});
  if (size > 0) {
    const auto kind = blobs::request_kind(data[0]);
    CHECK(kind || !request);
    if (kind) CHECK(blobs::to_string(*kind) != "unknown");
    if (kind && request) CHECK(blobs::encode(*request)[0] == data[0]);
  }
  if (!request) return 0;
  const Bytes again = blobs::encode(*request);
  CHECK(again.size() <= size);
  auto reread = blobs::decode_request(again);
  CHECK(reread.has_value() && *reread == *request);
  CHECK(blobs::encode(*reread) == again);
  return 0;
}
