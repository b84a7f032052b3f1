// One forward pass over a blob's bytes: BLAKE3, outboard and SHA-256 together, SHA-256 on a helper
// thread for anything large (it is the slower of the two). Holds kPassBuffers buffers, whatever the
// size. Thread: one at a time. Lifetime: what feed() was given outlives finish() or the pass, but
// for buffer()'s own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "bao/outboard.hpp"
#include "crypto/sha256.hpp"
#include "rt/files.hpp"
#include "rt/posix/ordered_worker.hpp"
#include "store/blob_store.hpp"

namespace archy::store {

inline constexpr std::size_t kPassBytes = 256u << 10;
inline constexpr std::size_t kAlonePassBytes = 64u << 10;  // stays in the nearest caches
inline constexpr std::size_t kPassBuffers = 4;

class ContentPass {
 public:
  struct Options {
    bool sha256 = true;
    bool helper_thread = true;
  };
  // `size` is exact. `pairs` may be empty (nothing is kept of the outboard then).
  ContentPass(std::uint64_t size, bao::PairSink pairs, Options options);
  ~ContentPass();

  // Room for the next feed(): one hot buffer of kAlonePassBytes, or, beside a helper thread, the
  // next of kPassBuffers of kPassBytes, once SHA-256 is done with it.
  MutableBytes buffer();
  // The next bytes in order: from buffer(), or any others that stay as they are until the end.
  Result<> feed(ByteView bytes);
  // Errors: bad_input when fewer bytes came than `size` says.
  Result<Imported> finish();

 private:
  std::uint64_t size_;
  bao::OutboardBuilder builder_;
  std::optional<crypto::Sha256> sha256_;
  std::vector<Bytes> buffers_;
  std::uint64_t fed_ = 0;                      // calls of feed() so far
  std::unique_ptr<rt::OrderedWorker> worker_;  // declared last: stops before what its jobs use goes
};

struct PassOver {
  std::uint64_t size = 0;
  rt::File* copy_to = nullptr;  // gets every byte too
  const ProgressFn* progress = nullptr;
  std::stop_token stop = {};
};
// Reads `file` from the start into the pass. Errors: bad_input when it is shorter or longer than
// `size`, cancelled, io.
Result<Imported> pass_over(rt::File& file, ContentPass& pass, const PassOver& how);

}  // namespace archy::store
