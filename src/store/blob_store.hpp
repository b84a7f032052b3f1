// The blob store: content by BLAKE3 hash, complete or in parts, with names, pins and offers.
// Two back ends (FileStore, MemoryStore) share one test suite.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "bao/chunk_ranges.hpp"
#include "bao/decoder.hpp"
#include "bao/reader.hpp"
#include "base/fixed_bytes.hpp"
#include "rt/files.hpp"
#include "store/offer_class.hpp"

namespace archy::store {

enum class Format : unsigned char { raw = 0, hash_seq = 1 };  // as in iroh's tickets

struct HashAndFormat {
  Blake3Hash hash;
  Format format = Format::raw;
  auto operator<=>(const HashAndFormat&) const = default;
};

enum class Location : unsigned char { inlined, owned, external };

struct BlobInfo {
  Blake3Hash hash;
  std::optional<Sha256Digest> sha256;  // as far as it is known: see BlobStore::sha256
  std::uint64_t size = 0;              // as claimed while partial; certain when size_verified
  bool size_verified = false;
  bool complete = false;
  Location location = Location::owned;
  rt::Path external_path;  // location external only
  bao::ChunkRanges have;   // complete: all()
};

struct Imported {
  Blake3Hash hash;
  std::optional<Sha256Digest> sha256;  // of what was added; a fetch does not compute it
  std::uint64_t size = 0;
};

// A reader over what is held of one blob now. Lifetime: independent of the store's other calls; a
// blob that is removed meanwhile makes it fail with not_found.
class BlobReader : public bao::Reader {
 public:
  virtual const Blake3Hash& hash() const = 0;
  virtual std::uint64_t size() const = 0;
  virtual bool complete() const = 0;
  // What is held, live: grows while a fetch writes.
  virtual bao::ChunkRanges have() const = 0;
};

// A blob that is arriving. One writer at a time. Takes only verified bytes (types of bao), in any
// order. Write order: data -> sync -> bitfield row; so a row never claims bytes that are not there
// (B8). kill -9 loses nothing that reached the file: opening a partial that was not closed
// re-verifies what lies beyond its row.
class PartialBlob {
 public:
  virtual ~PartialBlob() = default;
  virtual const Blake3Hash& hash() const = 0;
  // None until a size was claimed. Setting another size than before drops everything held, unless
  // verified.
  virtual std::optional<std::uint64_t> size() const = 0;
  virtual bool size_verified() const = 0;
  virtual Result<> claim_size(std::uint64_t size) = 0;
  virtual Result<> mark_size_verified() = 0;
  // Verified and written (perhaps not yet durable).
  virtual const bao::ChunkRanges& have() const = 0;
  virtual Result<> write(const bao::VerifiedParent& parent) = 0;
  // Keeps whole groups only: a leaf below a group (the answer to a range within one) is dropped, so
  // ask for whole groups. Buffers up to 256 KiB; `have` counts it once written.
  // Errors: after a failed write every later one fails too; what was held before stays.
  virtual Result<> write(const bao::VerifiedLeaf& leaf) = 0;
  // The same for a run of events in order, without copying the leaves.
  virtual Result<> write_batch(std::span<const bao::DecodeEvent> events);
  // Hands buffered writes to the file. checkpoint: and makes them and the bitfield durable.
  virtual Result<> flush() = 0;
  virtual Result<> checkpoint() = 0;
  virtual bool is_complete() const = 0;
  // Requires: is_complete(). Makes all durable, the blob becomes complete. Bytes that this writer
  // verified are not read again, those of an earlier one are. Errors: corrupt if they do not read
  // back as verified: the damaged groups are dropped from `have`.
  virtual Result<Imported> finish() = 0;
  // Makes what is held readable (to answer Observe and to serve parts).
  virtual Result<std::unique_ptr<BlobReader>> reader() = 0;
};

enum class AddMode : unsigned char {
  copy,      // own copy (reflink where possible)
  in_place,  // refer to the user's file; verified again whenever it is served
};

struct Progress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};
using ProgressFn = std::function<void(const Progress&)>;

struct VerifyOptions {
  bool repair =
      false;  // damaged groups become missing, rows without bytes go, orphans are set aside
  std::optional<Blake3Hash> only;
};
struct Damage {
  Blake3Hash hash;
  std::string what;
  bool repaired = false;
};
struct VerifyReport {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
  std::vector<Damage> damage;
  // Files without a row: a crash leaves such (our names) between rename and commit; foreign ones
  // are somebody's. Neither is damage; repair moves both to tmp/orphans.
  std::uint64_t stray_files = 0;
};

struct GcOptions {
  bool dry_run = false;
  std::int64_t min_age_ms = 3600'000;  // nothing younger goes
};
struct GcReport {
  std::uint64_t removed_blobs = 0;
  std::uint64_t removed_bytes = 0;
  std::uint64_t kept_blobs = 0;
  std::uint64_t removed_files = 0;  // orphans and temporary files
};

enum class ExportMode : unsigned char {
  copy,
  reflink_or_copy,
  // The store's own file becomes the user's by a rename and is referred to like one added in place;
  // nothing is read. As reflink_or_copy for small blobs, across file systems, for what is not the
  // store's own (any more), and for what a name or pin (also of a sequence it belongs to) keeps.
  hand_over,
};

// While one is alive the rows of add_file, add_bytes and adopt_file are committed together: by
// commit(), after 1000 of them, or before any other change. Until then they are not durable, though
// visible. The destructor commits too, and logs a failure.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual Result<> commit() = 0;
};

// Thread: any; the readers and partials it hands out each belong to one thread at a time.
// Lifetime: outlives everything it hands out.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual Result<std::unique_ptr<Batch>> batch() = 0;

  // One pass: BLAKE3, SHA-256 and outboard. A file that changes meanwhile is refused (bad_input),
  // nothing is kept.
  virtual Result<Imported> add_file(const rt::Path& path, AddMode mode, const ProgressFn& progress,
                                    std::stop_token stop) = 0;
  virtual Result<Imported> add_bytes(ByteView bytes) = 0;
  // Takes over a finished temporary file of new_temp_file() whose hash must be `expected`. Errors:
  // corrupt (file removed).
  virtual Result<Imported> adopt_file(const rt::Path& temp, const Blake3Hash& expected,
                                      const ProgressFn& progress, std::stop_token stop) = 0;
  // A fresh path in the store's own temporary folder (same device as the blobs).
  virtual Result<rt::Path> new_temp_path(std::string_view stem) = 0;

  virtual Result<std::optional<BlobInfo>> info(const Blake3Hash& hash) = 0;
  virtual Result<std::vector<BlobInfo>> list() = 0;
  // Of a complete blob. Where it is not known the blob is read and both hashes computed; kept from
  // then on. Errors: not_found, corrupt (the bytes do not hash to the name), cancelled.
  virtual Result<Sha256Digest> sha256(const Blake3Hash& hash, const ProgressFn& progress,
                                      std::stop_token stop) = 0;
  // Errors: not_found.
  virtual Result<std::unique_ptr<BlobReader>> reader(const Blake3Hash& hash) = 0;
  // Opens or begins. Errors: locked when somebody else writes it now; bad_input when it is complete
  // already.
  virtual Result<std::shared_ptr<PartialBlob>> partial(const Blake3Hash& hash) = 0;
  // Fails while a writer is open (locked) or a pin or name holds it (denied) unless force.
  virtual Result<> remove(const Blake3Hash& hash, bool force) = 0;
  // Writes through a temporary file in the target's folder, then renames. Errors: not_found, denied
  // when `to` exists. Verifies while copying: corrupt leaves no file behind. The file has the mode
  // of any program's output, not the store's.
  virtual Result<> export_blob(const Blake3Hash& hash, const rt::Path& to, ExportMode mode,
                               const ProgressFn& progress, std::stop_token stop) = 0;

  // Names keep what they point to from gc; a hash_seq keeps its children.
  virtual Result<> set_name(const std::string& name, const HashAndFormat& target) = 0;
  virtual Result<> remove_name(const std::string& name) = 0;
  virtual Result<std::vector<std::pair<std::string, HashAndFormat>>> names() = 0;
  virtual Result<> set_pin(const HashAndFormat& target, bool pinned) = 0;
  virtual Result<std::vector<HashAndFormat>> pins() = 0;

  virtual Result<> set_offer(const HashAndFormat& target, std::optional<OfferClass> offered) = 0;
  // Offers it as `standard` where it is not offered yet; an offer that stands keeps its class.
  virtual Result<> ensure_offered(const HashAndFormat& target) = 0;
  // The class under which `hash` is served: the strictest of its own offers and of those of the
  // hash sequences it is a child of.
  virtual Result<std::optional<OfferClass>> offer(const Blake3Hash& hash) = 0;
  // Its size, and those of its children where a name, a pin or an offer says that it is a hash
  // sequence. Units: bytes; of what is not here: none.
  virtual Result<std::uint64_t> size_with_children(const Blake3Hash& hash) = 0;
  virtual Result<std::vector<std::pair<HashAndFormat, OfferClass>>> offers() = 0;

  virtual Result<VerifyReport> verify(const VerifyOptions& options, const ProgressFn& progress,
                                      std::stop_token stop) = 0;
  // Two phases; any error while marking stops before anything is removed.
  virtual Result<GcReport> gc(const GcOptions& options) = 0;
};

}  // namespace archy::store
