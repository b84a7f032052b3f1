#include "blobs/sequence_reader.hpp"

#include <algorithm>

#include "bao/encoder.hpp"
#include "base/limits.hpp"

namespace archy::blobs {

Result<SequenceReader> SequenceReader::open(std::unique_ptr<store::BlobReader> root) {
  if (!root->complete()) return fail(Code::not_found, "hash sequence is not complete");
  if (root->size() % 32 != 0)
    return fail(Code::bad_input, "hash sequence: length is not a multiple of 32");
  if (root->size() / 32 > limits::kSeqChildren)
    return fail(Code::bad_input, "hash sequence: too many hashes");
  return SequenceReader(std::move(root));
}

Result<Blake3Hash> SequenceReader::at(std::uint64_t i) {
  const std::uint64_t offset = i * 32;
  const std::uint64_t group = offset / bao::kGroupBytes;
  const std::uint64_t begin = group * bao::kGroupBytes;
  const std::uint64_t length = std::min<std::uint64_t>(bao::kGroupBytes, root_->size() - begin);
  if (group_ != group) {
    group_.reset();
    encoded_.clear();
    const std::uint64_t chunk = group * bao::kGroupChunks;
    const auto wanted =
        bao::ChunkRanges::span(ChunkIndex(chunk), ChunkIndex(chunk + bao::kGroupChunks));
    bao::Encoder encoder(root_->hash(), root_->size(), wanted, *root_);
    while (!encoder.done()) TRY_OK(encoder.step(encoded_));
    group_ = group;
  }
  const ByteView bytes = ByteView(encoded_).last(length);
  return Blake3Hash::from(bytes.subspan(offset - begin, 32));
}

}  // namespace archy::blobs
