// Making store.db again from the files in blobs/, after it was damaged or lost.
#pragma once

#include "store/file_store.hpp"

namespace archy::store {

struct RebuildReport {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
  std::uint64_t set_aside =
      0;  // files moved to tmp/orphans: partials, foreign names, outboards without data
};

// Moves the old store.db to tmp/orphans, hashes every file in blobs/ and lists those that hash to
// their name. Names, pins, offers, inline blobs and references to users' files are lost. Deletes
// nothing. Requires: no store is open on the directory. Errors: locked is not seen here: the caller
// holds the directory's lock.
Result<RebuildReport> rebuild_file_store(rt::Files& files, rt::Clock& clock, rt::Random& random,
                                         const rt::Path& data_dir, StoreOptions options,
                                         const ProgressFn& progress, std::stop_token stop);

}  // namespace archy::store
