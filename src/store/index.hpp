// The rows of store.db, typed. Says nothing about files: whoever writes a row has made its bytes
// durable first (B8). Thread: one at a time (FileStore's mutex).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "store/blob_store.hpp"

namespace archy::store {

enum class SizeState : unsigned char { unknown = 0, claimed = 1, verified = 2 };

struct BlobRow {
  std::int64_t id = 0;
  Blake3Hash hash;
  bool complete = false;
  Location location = Location::owned;
  std::uint64_t size = 0;
  SizeState size_state = SizeState::unknown;
  std::optional<Sha256Digest> sha256;
  std::int64_t added_ms = 0;
};

struct ExternalFile {
  rt::Path path;
  rt::FileStamp stamp;
};

class Index {
 public:
  explicit Index(std::unique_ptr<db::Connection> connection) : db_(std::move(connection)) {}
  Result<> close() { return db_->close(); }
  Result<> check() { return db_->check_integrity(true); }
  Result<db::Transaction> begin() { return db::Transaction::begin(*db_); }

  // --- blobs
  Result<std::optional<BlobRow>> find(const Blake3Hash& hash);
  // In order of id, those after `after`, at most `limit`: so that a walk holds nothing open.
  Result<std::vector<BlobRow>> page(std::int64_t after, std::size_t limit);
  // Inserts (id 0) or updates; gives the id.
  Result<std::int64_t> put(const BlobRow& row);
  Result<> erase(std::int64_t id);
  Result<Bytes> inline_data(std::int64_t id);
  Result<> set_inline_data(std::int64_t id, ByteView data);
  // Errors: corrupt.
  Result<bao::ChunkRanges> have(std::int64_t id);
  Result<> set_have(std::int64_t id, const bao::ChunkRanges& have);
  // Errors: corrupt.
  Result<ExternalFile> external(std::int64_t id);
  Result<> set_external(std::int64_t id, const ExternalFile& file);
  // An own file that is about to be the user's (ExternalFile: where it goes, and what it is
  // before).
  Result<> set_handover(std::int64_t id, const ExternalFile& file);
  Result<> clear_handover(std::int64_t id);
  Result<std::vector<std::pair<BlobRow, ExternalFile>>> handovers();
  // Leaves none of inline_data, partials, externals, handovers.
  Result<> clear_details(std::int64_t id);

  // --- names, pins, offers
  Result<> set_name(std::string_view name, const HashAndFormat& target);
  Result<bool> remove_name(std::string_view name);
  Result<std::vector<std::pair<std::string, HashAndFormat>>> names();
  Result<> set_pin(const HashAndFormat& target, bool pinned);
  Result<std::vector<HashAndFormat>> pins();
  Result<> set_offer(const HashAndFormat& target, std::optional<OfferClass> offered);
  Result<> ensure_offered(const HashAndFormat& target);
  // Cost: O(log n).
  Result<std::optional<OfferClass>> offer(const Blake3Hash& hash);
  Result<std::uint64_t> size_with_children(const Blake3Hash& hash);
  Result<std::vector<std::pair<HashAndFormat, OfferClass>>> offers();
  // A name or pin on the hash itself.
  Result<bool> is_held(const Blake3Hash& hash);
  // The same, or on a hash sequence it is a child of.
  Result<bool> is_kept(const Blake3Hash& hash);
  // Names, pins and offers of `hash` go.
  Result<> release(const Blake3Hash& hash);

  // --- hash sequences
  // A name, pin or offer points to it as hash_seq.
  Result<bool> is_sequence_root(const Blake3Hash& hash);
  Result<std::vector<Blake3Hash>> sequence_roots();
  Result<> set_children(const Blake3Hash& parent, ByteView hashes);
  Result<> drop_children_of_unused_roots();
  // Nothing names, pins or offers it, nor a hash sequence that is.
  Result<bool> is_unreferenced(const Blake3Hash& hash);

 private:
  std::unique_ptr<db::Connection> db_;
};

}  // namespace archy::store
