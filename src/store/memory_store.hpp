// The store without a disk: for tests, simulations and nodes that keep nothing. The obvious twin of
// FileStore; both pass one test suite. Files are touched only to import, adopt and export. Thread:
// any.
#pragma once

#include "rt/env.hpp"
#include "store/blob_store.hpp"

namespace archy::store {

// `temp_dir`: where new_temp_path() points. Lifetime: the references outlive the store.
std::unique_ptr<BlobStore> make_memory_store(rt::Files& files, rt::Clock& clock, rt::Random& random,
                                             rt::Path temp_dir);

}  // namespace archy::store
