// Where the content port gets its bytes: "give me a reader for this hash". Owned by the port, its
// user; implemented over the store (content_store_source.hpp) and over blobs that are arriving.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"
#include "rt/task.hpp"

namespace archy::rpc {

// Verified bytes of one blob or of its outboard. Thread: the loop; one call at a time.
class ContentReader {
 public:
  virtual ~ContentReader() = default;
  // Waits until it is certain. Errors: not_found (nobody has it), timed_out, cancelled.
  virtual rt::Task<std::uint64_t> size(std::stop_token stop) = 0;
  // 1 to `most` bytes from `offset`, every one verified against the hash before it is returned.
  // Waits for bytes that are still arriving, and for nothing beyond them. Valid until the next
  // call. Requires: offset < size(), most > 0. Errors: corrupt (what is stored does not hash: none
  // of it is returned), not_found (the blob was removed, nobody has it), timed_out, cancelled, io.
  virtual rt::Task<ByteView> read(std::uint64_t offset, std::size_t most, std::stop_token stop) = 0;
};

enum class ContentPart : unsigned char {
  data,
  outboard,  // pre-order, 64 bytes a pair, 16 KiB groups: `.obao4`
};

// Thread: the loop. Lifetime: outlives its readers.
class ContentSource {
 public:
  virtual ~ContentSource() = default;
  // Errors: not_found for what is not held and for what is not to be served: the two look alike.
  // try_later, timed_out, cancelled, io.
  virtual rt::Task<std::unique_ptr<ContentReader>> open(const Blake3Hash& hash, ContentPart part,
                                                        std::stop_token stop) = 0;
};

}  // namespace archy::rpc
