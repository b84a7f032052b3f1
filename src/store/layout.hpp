// Where everything stands in a data directory: db/store.db, blobs/ab/<hex>.{data,obao4}, tmp/,
// tmp/orphans/. File names come only from parsed 32-byte hashes; nothing anybody sends is ever part
// of a path.
#pragma once

#include <optional>

#include "base/fixed_bytes.hpp"
#include "rt/files.hpp"

namespace archy::store {

class Layout {
 public:
  explicit Layout(rt::Path root) : root_(std::move(root)) {}
  const rt::Path& root() const { return root_; }
  rt::Path database_folder() const { return root_ / "db"; }
  rt::Path database() const { return root_ / "db" / "store.db"; }
  rt::Path blobs() const { return root_ / "blobs"; }
  rt::Path tmp() const { return root_ / "tmp"; }
  rt::Path orphans() const { return root_ / "tmp" / "orphans"; }
  rt::Path shard(const Blake3Hash& hash) const { return blobs() / hash.hex().substr(0, 2); }
  rt::Path data(const Blake3Hash& hash) const { return shard(hash) / (hash.hex() + ".data"); }
  rt::Path outboard(const Blake3Hash& hash) const { return shard(hash) / (hash.hex() + ".obao4"); }

  // Makes the folders and makes them durable.
  Result<> make(rt::Files& files) const;
  // The same for one shard.
  Result<> make_shard(rt::Files& files, const Blake3Hash& hash) const;

 private:
  rt::Path root_;
};

// What a file in a shard is, by its name.
struct ShardFile {
  Blake3Hash hash;
  bool is_outboard = false;
};
// None for a name the store does not give, or one in the wrong shard.
std::optional<ShardFile> parse_shard_file(std::string_view shard, std::string_view name);

// Removes a file; one that is not there is fine.
Result<> remove_if_there(rt::Files& files, const rt::Path& path);

}  // namespace archy::store
