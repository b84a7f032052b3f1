// A collection: named files as a hash sequence whose first hash is a metadata blob with the names,
// in order. Source: iroh-blobs 0.103 format/collection.rs. Page: doc/formats/collection.md.
#pragma once

#include <string>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "blobs/hash_seq.hpp"

namespace archy::blobs {

// Largest metadata blob that is read or written.
inline constexpr std::size_t kCollectionMetadataBytes = 32u << 20;

struct CollectionFile {
  std::string name;  // safe (safe_name.hpp)
  Blake3Hash hash;   // may be that of another file too
  bool operator==(const CollectionFile&) const = default;
};

// Invariants: (1) every name is safe; (2) no two names are equal, and none is a folder of another;
// (3) at most limits::kSeqChildren - 1 files.
class Collection {
 public:
  Collection() = default;
  // Keeps the order. Errors: bad_input when an invariant does not hold; the message names the first
  // offender.
  static Result<Collection> from_files(std::vector<CollectionFile> files);
  // `sequence`: the root blob, `metadata`: the blob its first hash names. Errors: bad_input.
  static Result<Collection> parse(const HashSeq& sequence, ByteView metadata);

  const std::vector<CollectionFile>& files() const { return files_; }
  Bytes metadata() const;
  // The root blob, metadata hash first.
  HashSeq sequence() const;
  bool operator==(const Collection&) const = default;

 private:
  std::vector<CollectionFile> files_;
};

// The names of a metadata blob, whatever they are. Errors: bad_input (header, lengths, not UTF-8).
Result<std::vector<std::string>> parse_collection_metadata(ByteView metadata);

}  // namespace archy::blobs
