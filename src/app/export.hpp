// Content out of the store and into files a person named.
#pragma once

#include <functional>
#include <unordered_set>
#include <vector>

#include "rt/files.hpp"
#include "store/blob_store.hpp"

namespace archy::app {

// Thread: the exporting one. The file that is written now, and how far.
using ExportProgressFn = std::function<void(const rt::Path& file, const store::Progress&)>;

struct ExportOptions {
  // These may become the user's files by rename (store::ExportMode::hand_over).
  std::unordered_set<Blake3Hash> hand_over;
  rt::Path data_dir;  // nothing is written into it
  ExportProgressFn progress = nullptr;
  std::stop_token stop = {};
};

// A blob becomes `to` itself, in a folder that exists. A collection becomes its names below the
// folder `to`; with one file in it and `to` not an existing folder, `to` itself. Each file is
// written whole or not at all, and none replaces another. Blocks as long as it takes. Thread: any.
// Errors: denied (one of them exists already, or would lie in the data directory), not_found,
// corrupt, no_space, io, cancelled.
Result<std::vector<rt::Path>> export_content(rt::Files& files, store::BlobStore& store,
                                             const store::HashAndFormat& content,
                                             const rt::Path& to, const ExportOptions& options);

// Whether `path` lies in `folder` or is it, whatever links and dots are between; what does not
// exist yet is judged by where it would be made.
bool lies_within(const rt::Path& path, const rt::Path& folder);

}  // namespace archy::app
