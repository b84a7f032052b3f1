// The tables of store.db. All of it can be made again from blobs/ (see rebuild.hpp), names, pins
// and offers excepted.
#pragma once

#include "db/migration.hpp"

namespace archy::store {

const db::Schema& store_schema();

}  // namespace archy::store
