// A file that collects a whole blob whose bytes can be verified only together: what is held and
// verified is copied in, the rest comes from the origin, in order. Nothing reads it before the
// whole hash has passed.
//
// Thread: the loop. Lifetime: the file is removed with the object unless it was handed over.
// Invariant: bytes [0, position) are in the file, all of one generation of the origin's resource.
#pragma once

#include <memory>

#include "fetch/origin_stream.hpp"
#include "fetch/source.hpp"
#include "rt/env.hpp"
#include "store/blob_store.hpp"

namespace archy::fetch {

class Quarantine {
 public:
  Quarantine(rt::Env env, store::BlobStore& store) : env_(env), store_(store) {}
  ~Quarantine();
  Quarantine(const Quarantine&) = delete;

  // What is to be collected. Lifetime: for one call of collect().
  struct Job {
    std::optional<std::uint64_t> size;  // none: until the origin ends
    // Verified, and growing while others write; none: nothing held is of use.
    bao::Reader* reader = nullptr;
    std::uint64_t min_free_bytes = 0;
  };
  // Goes on where the last call ended. True: it has the whole file; false: attempt.tree_came.
  // Errors: the stream's, no_space, io.
  rt::Task<bool> collect(OriginStream& origin, Job job, Attempt& attempt);
  // How many bytes from the start it has, of this generation of the origin's resource.
  std::uint64_t length(std::uint64_t generation) const {
    return file_ && generation == generation_ ? position_ : 0;
  }
  // Bytes nobody verified. Requires: within length(). Valid until the next call.
  Result<ByteView> read(std::uint64_t offset, std::size_t length);
  // Requires: collect() succeeded. The next collect() begins anew.
  WholeFile hand_over();

 private:
  Result<> begin(std::uint64_t generation);
  Result<> copy_held(const Job& job, std::uint64_t end);
  Result<> check_space(const Job& job);

  rt::Env env_;
  store::BlobStore& store_;
  rt::Path path_;
  std::unique_ptr<rt::File> file_;
  std::uint64_t position_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t space_checked_at_ = 0;
  Bytes buffer_;
};

}  // namespace archy::fetch
