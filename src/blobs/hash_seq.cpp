#include "blobs/hash_seq.hpp"

#include "base/limits.hpp"

namespace archy::blobs {

Result<HashSeq> HashSeq::parse(ByteView bytes) {
  if (bytes.size() % 32 != 0)
    return fail(Code::bad_input, "hash sequence: length is not a multiple of 32");
  if (bytes.size() / 32 > limits::kSeqChildren)
    return fail(Code::bad_input, "hash sequence: too many hashes");
  std::vector<Blake3Hash> hashes;
  hashes.reserve(bytes.size() / 32);
  for (std::size_t at = 0; at < bytes.size(); at += 32) {
    hashes.push_back(Blake3Hash::from(bytes.subspan(at, 32)));
  }
  return HashSeq(std::move(hashes));
}

Bytes HashSeq::bytes() const {
  Bytes out;
  out.reserve(hashes_.size() * 32);
  for (const auto& hash : hashes_) append(out, hash.view());
  return out;
}

}  // namespace archy::blobs
