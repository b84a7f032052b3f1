#include "blobs/collection.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "blobs/safe_name.hpp"
#include "crypto/blake3.hpp"
#include "wire/postcard.hpp"

namespace archy::blobs {
namespace {

constexpr std::string_view kHeader = "CollectionV0.";

std::unexpected<Error> refuse(const std::string& name, std::string_view why) {
  return fail(Code::bad_input, "collection: name \"" + escape_for_terminal(name.substr(0, 200)) +
                                   "\" " + std::string(why));
}

Result<> check_distinct(const std::vector<CollectionFile>& files) {
  std::unordered_set<std::string_view> names;
  names.reserve(files.size());
  for (const auto& file : files) {
    if (!names.insert(file.name).second) return refuse(file.name, "appears twice");
  }
  for (const auto& file : files) {
    const std::string_view name = file.name;
    for (auto slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1)) {
      if (names.contains(name.substr(0, slash)))
        return refuse(file.name, "lies inside another file");
    }
  }
  return {};
}

}  // namespace

Result<Collection> Collection::from_files(std::vector<CollectionFile> files) {
  if (files.size() >= limits::kSeqChildren)
    return fail(Code::bad_input, "collection: too many files");
  for (const auto& file : files) TRY_OK(check_name(file.name));
  TRY_OK(check_distinct(files));
  Collection out;
  out.files_ = std::move(files);
  return out;
}

Result<std::vector<std::string>> parse_collection_metadata(ByteView metadata) {
  if (metadata.size() > kCollectionMetadataBytes)
    return fail(Code::bad_input, "collection: metadata too large");
  wire::PostcardReader in(metadata);
  auto header = in.raw(kHeader.size());
  if (!header || as_text(*header) != kHeader) return fail(Code::bad_input, "not a collection");
  auto count = in.count(limits::kSeqChildren, 1);
  if (!count) return fail_in("collection", count.error());
  std::vector<std::string> names;
  names.reserve(*count);
  for (std::size_t i = 0; i < *count; ++i) {
    auto name = in.byte_string();
    if (!name) return fail_in("collection", name.error());
    names.emplace_back(as_text(*name));
    if (!is_utf8(names.back())) return refuse(names.back(), "is not UTF-8");
  }
  return names;
}

Result<Collection> Collection::parse(const HashSeq& sequence, ByteView metadata) {
  if (sequence.size() == 0) return fail(Code::bad_input, "not a collection: no metadata");
  TRY(names, parse_collection_metadata(metadata));
  if (names.size() != sequence.size() - 1) {
    return fail(Code::bad_input, "collection: " + std::to_string(names.size()) + " names for " +
                                     std::to_string(sequence.size() - 1) + " files");
  }
  std::vector<CollectionFile> files;
  files.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    files.push_back({std::move(names[i]), sequence[i + 1]});
  return from_files(std::move(files));
}

Bytes Collection::metadata() const {
  wire::PostcardWriter out;
  out.raw(as_bytes(kHeader)).number(files_.size());
  for (const auto& file : files_) out.string(file.name);
  return out.take();
}

HashSeq Collection::sequence() const {
  std::vector<Blake3Hash> hashes;
  hashes.reserve(files_.size() + 1);
  hashes.push_back(crypto::blake3(metadata()));
  for (const auto& file : files_) hashes.push_back(file.hash);
  return HashSeq(std::move(hashes));
}

}  // namespace archy::blobs
