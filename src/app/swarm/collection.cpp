#include "app/collection.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "blobs/collection.hpp"
#include "blobs/safe_name.hpp"

namespace archy::app {
namespace {

constexpr int kMaxDepth = 64;

Result<> walk(rt::Files& files, const rt::Path& path, const std::string& name, int depth,
              std::vector<FolderFile>& out) {
  if (depth > kMaxDepth)
    return fail(Code::bad_input,
                fmt::format("{} is more than {} folders deep", path.string(), kMaxDepth));
  TRY(entries, files.list(path));
  for (const rt::DirEntry& entry : entries) {
    const std::string full = name + "/" + entry.name;
    if (entry.kind == rt::FileKind::directory) {
      TRY_OK(walk(files, path / entry.name, full, depth + 1, out));
    } else if (entry.kind == rt::FileKind::regular) {
      if (auto safe = blobs::check_name(full); !safe)
        return fail_in(escape_for_terminal(path.string()), safe.error());
      out.push_back({full, path / entry.name});
    }
  }
  return {};
}

// A whole blob in memory; sequences and metadata are bounded by what their parsers take.
Result<Bytes> read_whole(store::BlobStore& store, const Blake3Hash& hash, std::uint64_t limit) {
  TRY(reader, store.reader(hash));
  if (!reader->complete())
    return fail(Code::not_found, fmt::format("{} is not complete here", hash.hex()));
  if (reader->size() > limit) {
    return fail(Code::bad_input, fmt::format("{} has {} bytes, too many for a collection",
                                             hash.hex(), reader->size()));
  }
  Bytes out;
  out.reserve(reader->size());
  while (out.size() < reader->size()) {
    const auto length = std::min<std::uint64_t>(reader->size() - out.size(), 256u << 10);
    TRY(piece, reader->data(out.size(), length));
    append(out, piece);
  }
  return out;
}

Result<blobs::HashSeq> read_sequence(store::BlobStore& store, const Blake3Hash& root) {
  TRY(bytes, read_whole(store, root, limits::kSeqChildren * 32));
  return blobs::HashSeq::parse(bytes);
}

}  // namespace

Result<std::vector<FolderFile>> list_folder(rt::Files& files, const rt::Path& path) {
  const rt::Path clean = std::filesystem::absolute(path).lexically_normal();
  const std::string name = (clean.has_filename() ? clean : clean.parent_path()).filename().string();
  std::vector<FolderFile> out;
  TRY_OK(walk(files, path, name, 1, out));
  std::sort(out.begin(), out.end(),
            [](const FolderFile& a, const FolderFile& b) { return a.name < b.name; });
  return out;
}

Result<store::HashAndFormat> make_collection(store::BlobStore& store,
                                             const std::vector<CollectionEntry>& entries) {
  std::vector<blobs::CollectionFile> files;
  for (const CollectionEntry& entry : entries) files.push_back({entry.name, entry.hash});
  TRY(collection, blobs::Collection::from_files(std::move(files)));
  TRY_OK(store.add_bytes(collection.metadata()));
  TRY(root, store.add_bytes(collection.sequence().bytes()));
  return store::HashAndFormat{root.hash, store::Format::hash_seq};
}

Result<std::vector<CollectionEntry>> read_collection(store::BlobStore& store,
                                                     const Blake3Hash& root) {
  TRY(sequence, read_sequence(store, root));
  if (sequence.size() == 0) return fail(Code::bad_input, "an empty hash sequence is no collection");
  TRY(metadata, read_whole(store, sequence[0], blobs::kCollectionMetadataBytes));
  TRY(collection, blobs::Collection::parse(sequence, metadata));
  std::vector<CollectionEntry> out;
  for (const blobs::CollectionFile& file : collection.files())
    out.push_back({file.name, file.hash});
  return out;
}

Result<std::vector<Blake3Hash>> read_hash_seq(store::BlobStore& store, const Blake3Hash& root) {
  TRY(sequence, read_sequence(store, root));
  return sequence.hashes();
}

}  // namespace archy::app
