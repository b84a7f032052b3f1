// The input is a metadata blob, a name and a hash sequence. Oracle: what is accepted holds the
// invariants of Collection, is written back as the same bytes (count and lengths in shortest form),
// and every name is a relative path that stays below where it is put.
#include <filesystem>
#include <set>

#include "base/check.hpp"
#include "blobs/collection.hpp"
#include "blobs/hash_seq.hpp"
#include "blobs/safe_name.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  (void)blobs::check_name(as_text(in));
  if (auto hashes = blobs::HashSeq::parse(in)) CHECK(equal(hashes->bytes(), in));
  if (auto hashes = blobs::HashSeq::parse(in)) CHECK(hashes->bytes() == to_bytes(in));
  auto names = blobs::parse_collection_metadata(in);
  if (!names) return 0;
  const blobs::HashSeq sequence(std::vector<Blake3Hash>(names->size() + 1));
  auto collection = blobs::Collection::parse(sequence, in);
  if (!collection) return 0;
  CHECK(collection->files().size() == names->size());
  std::set<std::string> seen;
  for (const auto& file : collection->files()) {
    CHECK(seen.insert(file.name).second);
    const auto path = (std::filesystem::path("/base") / file.name).lexically_normal();
    CHECK(path.native().starts_with("/base/") && path.native() == "/base/" + file.name);
  }
  CHECK(collection->metadata().size() <= size);
  CHECK(blobs::Collection::parse(sequence, collection->metadata()).value() == *collection);
  CHECK(blobs::Collection::parse(collection->sequence(), collection->metadata()).value() ==
        *collection);
  CHECK(!blobs::Collection::parse(blobs::HashSeq(), in) &&
        !blobs::Collection::parse(blobs::HashSeq(std::vector<Blake3Hash>(names->size() + 2)), in));
  return 0;
}
