// Adding a path the way `add` and `send` do: a file as a raw blob, a folder as a collection.
#pragma once

#include "app/collection.hpp"
#include "app/core.hpp"
#include "app/peer_door.hpp"
#include "cli/command.hpp"

namespace archy::cli {

struct Added {
  store::HashAndFormat content;
  std::optional<Sha256Digest> sha256;  // of a single file
  std::uint64_t size_bytes = 0;        // payload: the file's, or all files' of a folder
  std::size_t files = 0;
};

struct ImportOptions {
  store::AddMode mode = store::AddMode::copy;
  bool as_collection =
      false;  // a single file too becomes a one-name collection (what sendme expects)
};

// Offers what was added (class public) and names it, so that gc keeps it.
// Errors: not_found, bad_input, denied, no_space, cancelled (nothing half-added stays).
Result<Added> import_path(app::Core& core, const rt::Path& path, const ImportOptions& options,
                          const GlobalOptions& global);

}  // namespace archy::cli
