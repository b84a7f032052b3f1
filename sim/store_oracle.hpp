// Looks at a store from outside and compares every claim it makes with the truth.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/truth.hpp"
#include "store/blob_store.hpp"

namespace archy::sim {

using Truths = std::map<Blake3Hash, const Truth*>;

// Every complete blob reads back as its truth, with its SHA-256 and size; every partial one holds
// what it says it holds; a size called verified is the true one; a hash nobody made is not there.
// `damaged`: bits were flipped at rest, so reads may differ (they are checked on the way out, not
// here) and only sizes and names are compared. Gives what is wrong, in words; empty: nothing.
std::vector<std::string> compare_with_truth(store::BlobStore& store, const Truths& truths,
                                            bool damaged);

// The bytes that leave a store as an answer on the wire or as an export must be the truth or
// nothing. Gives what is wrong; empty: right, or refused.
std::string check_exits(store::BlobStore& store, rt::Files& files, const Truth& truth,
                        const rt::Path& scratch);

}  // namespace archy::sim
