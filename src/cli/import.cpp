#include "cli/import.hpp"

#include <fmt/core.h>

#include "base/utf8.hpp"
#include "cli/progress.hpp"

namespace archy::cli {
namespace {

Result<store::Imported> import_file(app::Core& core, const rt::Path& path, store::AddMode mode,
                                    const GlobalOptions& global) {
  Progress progress(global.progress_style(),
                    fmt::format("adding {}:", escape_for_terminal(path.filename().string())));
  auto report = [&](const store::Progress& now) {
    core.poll();  // signals: the import runs outside the loop
    progress.update(now.done, now.total);
  };
  auto imported = core.store().add_file(path, mode, report, core.interrupted());
  if (!imported) return fail_in(path.string(), imported.error());
  return imported;
}

// "photos/" and "." have no file name of their own.
std::string base_name(const rt::Path& path) {
  const rt::Path clean = std::filesystem::absolute(path).lexically_normal();
  return clean.has_filename() ? clean.filename().string() : clean.parent_path().filename().string();
}

Result<> keep_and_offer(app::Core& core, const store::HashAndFormat& content,
                        const std::string& name) {
  TRY_OK(core.store().set_name(name, content));
  return core.store().set_offer(content, store::OfferClass::public_);
}

Result<Added> import_as_collection(app::Core& core, const std::vector<app::FolderFile>& files,
                                   const std::string& name, store::AddMode mode,
                                   const GlobalOptions& global) {
  Added added;
  std::vector<app::CollectionEntry> entries;
  for (const app::FolderFile& file : files) {
    TRY(imported, import_file(core, file.path, mode, global));
    entries.push_back({file.name, imported.hash});
    added.size_bytes += imported.size;
    ++added.files;
  }
  TRY(content, app::make_collection(core.store(), entries));
  added.content = content;
  TRY_OK(keep_and_offer(core, content, name));
  return added;
}

}  // namespace

Result<Added> import_path(app::Core& core, const rt::Path& path, const ImportOptions& options,
                          const GlobalOptions& global) {
  auto kind = core.env().files.kind(path);
  if (!kind) return fail_in(path.string(), kind.error());
  const std::string name = base_name(path);
  if (*kind == rt::FileKind::directory) {
    TRY(files, app::list_folder(core.env().files, path));
    if (files.empty())
      return fail(Code::bad_input, fmt::format("{} has no files in it", path.string()));
    return import_as_collection(core, files, name, options.mode, global);
  }
  // A symlink named on the command line is followed: the person meant the file.
  if (*kind == rt::FileKind::other)
    return fail(Code::bad_input, fmt::format("{} is not a regular file", path.string()));
  if (options.as_collection)
    return import_as_collection(core, {{name, path}}, name, options.mode, global);
  TRY(imported, import_file(core, path, options.mode, global));
  Added added;
  added.content = {imported.hash, store::Format::raw};
  added.sha256 = imported.sha256;
  added.size_bytes = imported.size;
  added.files = 1;
  TRY_OK(keep_and_offer(core, added.content, name));
  return added;
}

}  // namespace archy::cli
