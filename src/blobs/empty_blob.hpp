// The blob of no bytes: every node has it and serves it, whatever else it offers.
// Source: iroh-blobs 0.103, where the empty hash is always present.
#pragma once

#include "bao/reader.hpp"
#include "base/fixed_bytes.hpp"

namespace archy::blobs {

const Blake3Hash& empty_blob_hash();

class EmptyBlob final : public bao::Reader {
 public:
  Result<ByteView> data(std::uint64_t, std::size_t) override { return ByteView(); }
  Result<bao::Pair> pair(std::uint64_t) override { return fail(Code::not_found); }
};

}  // namespace archy::blobs
