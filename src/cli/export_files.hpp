// Content out of the store and into files a person named.
#pragma once

#include <unordered_set>

#include "cli/command.hpp"

namespace archy::cli {

// The files `content` would be written to. A blob: `to` itself. A collection: its names below the
// folder `to`; with one file in it and `to` not an existing folder, `to` itself. Errors: denied
// when one of them exists already.
struct PlannedFile {
  Blake3Hash hash;
  rt::Path path;
};
Result<std::vector<PlannedFile>> plan_export(app::Core& core, const store::HashAndFormat& content,
                                             const rt::Path& to);

// Writes them, each whole or not at all. Those in `hand_over` may become the user's files by rename
// (store::ExportMode::hand_over). Errors: as plan_export, corrupt, no_space, cancelled.
Result<std::vector<rt::Path>> export_content(app::Core& core, const store::HashAndFormat& content,
                                             const rt::Path& to, const GlobalOptions& global,
                                             const std::unordered_set<Blake3Hash>& hand_over = {});

}  // namespace archy::cli
