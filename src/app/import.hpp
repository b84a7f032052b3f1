// Adding a path the way `add`, `send` and blob.add do: a file as a raw blob, a folder as a
// collection.
#pragma once

#include <functional>

#include "app/collection.hpp"

namespace archy::app {

struct Added {
  store::HashAndFormat content;
  std::optional<Sha256Digest> sha256;  // of a single file
  std::uint64_t size_bytes = 0;        // payload: the file's, or all files' of a folder
  std::size_t files = 0;
};

// Thread: the importing one. The file that is read now, and how far.
using ImportProgressFn = std::function<void(const rt::Path& file, const store::Progress&)>;

struct ImportOptions {
  store::AddMode mode = store::AddMode::copy;
  bool as_collection =
      false;  // a single file too becomes a one-name collection (what sendme expects)
  // None: as the services say, or as it is offered already.
  std::optional<store::OfferClass> offer_class = std::nullopt;
  ImportProgressFn progress = nullptr;
  std::stop_token stop = {};
};

// Offers what was added and names it, so that gc keeps it. Blocks as long as it
// takes. Thread: any. Errors: not_found, bad_input, denied, no_space, cancelled (nothing half-added
// stays).
Result<Added> import_path(rt::Files& files, store::BlobStore& store, const rt::Path& path,
                          const ImportOptions& options);

}  // namespace archy::app
