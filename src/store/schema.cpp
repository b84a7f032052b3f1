#include "store/schema.hpp"

namespace archy::store {
namespace {

// blobs.location: Location. blobs.size_state: SizeState. format: Format. class: OfferClass.
// inline_data, partials, externals: at most one row a blob. seq_children: what named, pinned and
// offered hash sequences point to, kept so that the question "is this child offered?" is one
// look-up.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE blobs (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  complete INTEGER NOT NULL,
  location INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  size_state INTEGER NOT NULL,
  sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
  added_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE inline_data (
  id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
  data BLOB NOT NULL
) STRICT;
CREATE TABLE partials (
  id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
  have BLOB NOT NULL
) STRICT;
CREATE TABLE externals (
  id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
  path BLOB NOT NULL,
  stamp BLOB NOT NULL
) STRICT;
CREATE TABLE names (
  name TEXT NOT NULL PRIMARY KEY,
  hash BLOB NOT NULL,
  format INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX names_by_hash ON names (hash);
CREATE TABLE pins (
  hash BLOB NOT NULL,
  format INTEGER NOT NULL,
  PRIMARY KEY (hash, format)
) STRICT, WITHOUT ROWID;
CREATE TABLE offers (
  hash BLOB NOT NULL,
  format INTEGER NOT NULL,
  class INTEGER NOT NULL,
  PRIMARY KEY (hash, format)
) STRICT, WITHOUT ROWID;
CREATE TABLE seq_children (
  child BLOB NOT NULL,
  parent BLOB NOT NULL,
  PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX seq_children_by_parent ON seq_children (parent);
)sql";

// handovers: own files on their way to a path of the user's (file_handover.cpp); at most one a
// blob.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE handovers (
  id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
  path BLOB NOT NULL,
  stamp BLOB NOT NULL
) STRICT;
)sql";

constexpr const char* kSteps[] = {kVersion1, kVersion2};
constexpr db::Schema kSchema{"store.db", 0x61725331, kSteps};

}  // namespace

const db::Schema& store_schema() { return kSchema; }

}  // namespace archy::store
