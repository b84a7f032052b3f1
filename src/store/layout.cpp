#include "store/layout.hpp"

namespace archy::store {

Result<> Layout::make(rt::Files& files) const {
  for (const rt::Path& folder : {database_folder(), blobs(), orphans()}) {
    TRY_OK(files.make_directories(folder));
  }
  TRY_OK(files.sync_directory(tmp()));
  TRY_OK(files.sync_directory(root_));
  // The root's own entry: without it a power cut takes a fresh data directory away, key and all. A
  // parent that we may not open is one that we did not change.
  auto entered =
      files.sync_directory(std::filesystem::absolute(root_).lexically_normal().parent_path());
  if (!entered && entered.error().code != Code::denied) return entered;
  return {};
}

Result<> Layout::make_shard(rt::Files& files, const Blake3Hash& hash) const {
  const rt::Path folder = shard(hash);
  if (!files.kind(folder).has_value()) TRY_OK(files.make_directories(folder));
  return files.sync_directory(blobs());
}

std::optional<ShardFile> parse_shard_file(std::string_view shard, std::string_view name) {
  ShardFile file;
  if (name.ends_with(".obao4")) {
    file.is_outboard = true;
    name.remove_suffix(6);
  } else if (name.ends_with(".data")) {
    name.remove_suffix(5);
  } else {
    return std::nullopt;
  }
  auto hash = Blake3Hash::parse_hex(name);
  if (!hash.has_value() || name.substr(0, 2) != shard) return std::nullopt;
  file.hash = *hash;
  return file;
}

Result<> remove_if_there(rt::Files& files, const rt::Path& path) {
  auto removed = files.remove(path);
  if (!removed.has_value() && removed.error().code != Code::not_found) return removed;
  return {};
}

}  // namespace archy::store
