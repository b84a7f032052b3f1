// Folders as collections: what `add` and `send` make of them and `get` and `export` make out of
// them again.
#pragma once

#include <string>
#include <vector>

#include "rt/files.hpp"
#include "store/blob_store.hpp"

namespace archy::app {

struct FolderFile {
  std::string name;  // relative with '/', first component the folder's own name
  rt::Path path;
};
// Every regular file below `path`, sorted by name. Symlinks and empty folders are left out, as
// sendme does. Errors: bad_input (a name that could not be exported again, deeper than 64 folders),
// not_found, io.
Result<std::vector<FolderFile>> list_folder(rt::Files& files, const rt::Path& path);

struct CollectionEntry {
  std::string name;
  Blake3Hash hash;
};
// Stores metadata and sequence of files that are in the store already.
// Errors: bad_input (unsafe or duplicate names), unsupported in a build without the swarm.
Result<store::HashAndFormat> make_collection(store::BlobStore& store,
                                             const std::vector<CollectionEntry>& entries);
// Requires: root and metadata are held. Errors: not_found, bad_input (unsafe names: nothing may be
// exported), unsupported.
Result<std::vector<CollectionEntry>> read_collection(store::BlobStore& store,
                                                     const Blake3Hash& root);
// The hashes of a sequence that is held, metadata blob included. Errors: not_found, bad_input,
// unsupported.
Result<std::vector<Blake3Hash>> read_hash_seq(store::BlobStore& store, const Blake3Hash& root);

}  // namespace archy::app
