#include "blobs/empty_blob.hpp"

#include "crypto/blake3.hpp"

namespace archy::blobs {

const Blake3Hash& empty_blob_hash() {
  static const Blake3Hash hash = crypto::blake3({});
  return hash;
}

}  // namespace archy::blobs
