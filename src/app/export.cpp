#include "app/export.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/collection.hpp"

namespace archy::app {
namespace {

struct PlannedFile {
  Blake3Hash hash;
  rt::Path path;
};

Result<std::vector<PlannedFile>> plan(rt::Files& files, store::BlobStore& store,
                                      const store::HashAndFormat& content, const rt::Path& to,
                                      const rt::Path& data_dir) {
  std::vector<PlannedFile> planned;
  if (content.format == store::Format::raw) {
    planned.push_back({content.hash, to});
  } else {
    TRY(entries, read_collection(store, content.hash));
    auto kind = files.kind(to);
    const bool into_folder = entries.size() != 1 || (kind && *kind == rt::FileKind::directory);
    for (const CollectionEntry& entry : entries)
      planned.push_back({entry.hash, into_folder ? to / entry.name : to});
  }
  for (const PlannedFile& file : planned) {
    if (files.kind(file.path))
      return fail(Code::denied, fmt::format("{} exists already", file.path.string()));
    if (lies_within(file.path, data_dir))
      return fail(Code::denied, "the node's own data directory is not to be written into");
  }
  return planned;
}

}  // namespace

bool lies_within(const rt::Path& path, const rt::Path& folder) {
  std::error_code error;
  const rt::Path inner = std::filesystem::weakly_canonical(path, error);
  if (error) return true;
  const rt::Path outer = std::filesystem::weakly_canonical(folder, error);
  if (error) return true;
  const auto [end, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end() || (std::next(end) == outer.end() && end->empty());
}

Result<std::vector<rt::Path>> export_content(rt::Files& files, store::BlobStore& store,
                                             const store::HashAndFormat& content,
                                             const rt::Path& to, const ExportOptions& options) {
  TRY(planned, plan(files, store, content, to, options.data_dir));
  std::vector<rt::Path> written;
  for (const PlannedFile& file : planned) {
    // Only what a collection's own names ask for; the parent of a path the person gave must exist
    // already.
    if (content.format == store::Format::hash_seq && file.path.has_parent_path())
      TRY_OK(files.make_directories(file.path.parent_path()));
    auto report = [&](const store::Progress& now) {
      if (options.progress) options.progress(file.path, now);
    };
    const auto mode = options.hand_over.contains(file.hash) ? store::ExportMode::hand_over
                                                            : store::ExportMode::reflink_or_copy;
    auto done = store.export_blob(file.hash, file.path, mode, report, options.stop);
    if (!done) return fail_in(file.path.string(), done.error());
    written.push_back(file.path);
  }
  return written;
}

}  // namespace archy::app
