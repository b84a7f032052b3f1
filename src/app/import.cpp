#include "app/import.hpp"

#include <fmt/core.h>

namespace archy::app {
namespace {

Result<store::Imported> import_file(store::BlobStore& store, const rt::Path& path,
                                    const ImportOptions& options) {
  auto report = [&](const store::Progress& now) {
    if (options.progress) options.progress(path, now);
  };
  auto imported = store.add_file(path, options.mode, report, options.stop);
  if (!imported) return fail_in(path.string(), imported.error());
  return imported;
}

// "photos/" and "." have no file name of their own.
std::string base_name(const rt::Path& path) {
  const rt::Path clean = std::filesystem::absolute(path).lexically_normal();
  return clean.has_filename() ? clean.filename().string() : clean.parent_path().filename().string();
}

Result<> keep_and_offer(store::BlobStore& store, const store::HashAndFormat& content,
                        const std::string& name, std::optional<store::OfferClass> offer_class) {
  TRY_OK(store.set_name(name, content));
  return offer_class ? store.set_offer(content, offer_class) : store.ensure_offered(content);
}

Result<Added> import_as_collection(store::BlobStore& store, const std::vector<FolderFile>& files,
                                   const std::string& name, const ImportOptions& options) {
  Added added;
  std::vector<CollectionEntry> entries;
  for (const FolderFile& file : files) {
    TRY(imported, import_file(store, file.path, options));
    entries.push_back({file.name, imported.hash});
    added.size_bytes += imported.size;
    ++added.files;
  }
  TRY(content, make_collection(store, entries));
  added.content = content;
  TRY_OK(keep_and_offer(store, content, name, options.offer_class));
  return added;
}

}  // namespace

Result<Added> import_path(rt::Files& files, store::BlobStore& store, const rt::Path& path,
                          const ImportOptions& options) {
  auto kind = files.kind(path);
  if (!kind) return fail_in(path.string(), kind.error());
  const std::string name = base_name(path);
  if (*kind == rt::FileKind::directory) {
    TRY(found, list_folder(files, path));
    if (found.empty())
      return fail(Code::bad_input, fmt::format("{} has no files in it", path.string()));
    return import_as_collection(store, found, name, options);
  }
  // A symlink named on the command line is followed: the person meant the file.
  if (*kind == rt::FileKind::other)
    return fail(Code::bad_input, fmt::format("{} is not a regular file", path.string()));
  if (options.as_collection) return import_as_collection(store, {{name, path}}, name, options);
  TRY(imported, import_file(store, path, options));
  Added added;
  added.content = {imported.hash, store::Format::raw};
  added.sha256 = imported.sha256;
  added.size_bytes = imported.size;
  added.files = 1;
  TRY_OK(keep_and_offer(store, added.content, name, options.offer_class));
  return added;
}

}  // namespace archy::app
