// Reads a blob while it arrives: waits for the bytes that are asked for and for nothing beyond
// them, and moves the fetch to where it reads.
//
// Thread: the loop; one call at a time. Lifetime: store and clock outlive it.
#pragma once

#include <memory>
#include <stop_token>

#include "bao/group_verifier.hpp"
#include "fetch/arrival.hpp"
#include "store/blob_store.hpp"

namespace archy::fetch {

class ArrivingReader {
 public:
  ArrivingReader(std::shared_ptr<Arrival> arrival, store::BlobStore& store, rt::Clock& clock,
                 const Blake3Hash& hash);
  ~ArrivingReader();

  // Waits until it is proven. Errors: cancelled, io; not_found, timed_out when the fetch ended
  // without it.
  rt::Task<std::uint64_t> size(std::stop_token stop);
  // 1 to `most` bytes from `offset`, up to the end of what is held there, each group hashed again
  // before it is returned. Valid until the next call. Requires: offset < size(), most > 0.
  // Errors: as size(); corrupt: what is stored does not hash.
  rt::Task<ByteView> read(std::uint64_t offset, std::size_t most, std::stop_token stop);

 private:
  // Opens the blob as it is now, if anything of it is there.
  Result<bool> look();
  Result<ByteView> read_held(std::uint64_t offset, std::uint64_t end);
  rt::Task<> wait(std::optional<std::uint64_t> group, std::stop_token stop);

  std::shared_ptr<Arrival> arrival_;
  store::BlobStore& store_;
  rt::Clock& clock_;
  Blake3Hash hash_;
  Arrival::Place place_;
  std::unique_ptr<store::BlobReader> reader_;
  std::unique_ptr<bao::GroupVerifier> verifier_;
  bool size_proven_ = false;
  bool reopened_ = false;  // after the fetch was over
};

}  // namespace archy::fetch
