#include "cli/export_files.hpp"

#include <fmt/core.h>

#include "app/collection.hpp"
#include "base/utf8.hpp"
#include "cli/progress.hpp"

namespace archy::cli {
namespace {

Result<> refuse_existing(rt::Files& files, const rt::Path& path) {
  if (!files.kind(path)) return {};
  return fail(Code::denied, fmt::format("{} exists already", path.string()));
}

}  // namespace

Result<std::vector<PlannedFile>> plan_export(app::Core& core, const store::HashAndFormat& content,
                                             const rt::Path& to) {
  rt::Files& files = core.env().files;
  std::vector<PlannedFile> planned;
  if (content.format == store::Format::raw) {
    planned.push_back({content.hash, to});
  } else {
    TRY(entries, app::read_collection(core.store(), content.hash));
    auto kind = files.kind(to);
    const bool into_folder = entries.size() != 1 || (kind && *kind == rt::FileKind::directory);
    for (const app::CollectionEntry& entry : entries) {
      planned.push_back({entry.hash, into_folder ? to / entry.name : to});
    }
  }
  for (const PlannedFile& file : planned) TRY_OK(refuse_existing(files, file.path));
  return planned;
}

Result<std::vector<rt::Path>> export_content(app::Core& core, const store::HashAndFormat& content,
                                             const rt::Path& to, const GlobalOptions& global,
                                             const std::unordered_set<Blake3Hash>& hand_over) {
  TRY(planned, plan_export(core, content, to));
  std::vector<rt::Path> written;
  for (const PlannedFile& file : planned) {
    if (file.path.has_parent_path()) {
      // Only what a collection's own names ask for; the parent of a path the person gave must exist
      // already.
      if (content.format == store::Format::hash_seq)
        TRY_OK(core.env().files.make_directories(file.path.parent_path()));
    }
    Progress progress(
        global.progress_style(),
        fmt::format("writing {}:", escape_for_terminal(file.path.filename().string())));
    auto report = [&](const store::Progress& now) {
      core.poll();
      progress.update(now.done, now.total);
    };
    const auto mode = hand_over.contains(file.hash) ? store::ExportMode::hand_over
                                                    : store::ExportMode::reflink_or_copy;
    auto done = core.store().export_blob(file.hash, file.path, mode, report, core.interrupted());
    if (!done) return fail_in(file.path.string(), done.error());
    written.push_back(file.path);
  }
  return written;
}

}  // namespace archy::cli
