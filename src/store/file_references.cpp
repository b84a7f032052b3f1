// FileStore: names, pins, offers and the children of hash sequences.
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "crypto/blake3.hpp"
#include "store/file_store.hpp"

namespace archy::store {
namespace {

constexpr std::size_t kRemembered = 1024;

// What is known of `hash`, or what `ask` says now.
template <class Map, class Ask>
Result<typename Map::mapped_type> remembered(Map& known, const Blake3Hash& hash, Ask ask) {
  if (const auto found = known.find(hash); found != known.end()) return found->second;
  TRY(answer, ask());
  if (known.size() >= kRemembered) known.clear();
  known.emplace(hash, answer);
  return answer;
}

}  // namespace

// The root's bytes are hashed before a child is believed: a rotten root must not offer or hold
// anything.
Result<> FileStore::expand_sequence(Index& index, const Blake3Hash& root) {
  TRY(row, index.find(root));
  if (!row.has_value() || !row->complete) return {};
  if (row->size % 32 != 0)
    return fail(Code::bad_input, "not a hash sequence: its size is no multiple of 32");
  if (row->size / 32 > limits::kSeqChildren)
    return fail(Code::bad_input, "a hash sequence with too many children");
  TRY(source, make_reader(*row));
  Bytes bytes;
  bytes.reserve(row->size);
  while (bytes.size() < row->size) {
    const std::size_t length = std::min<std::size_t>(64u << 10, row->size - bytes.size());
    TRY(piece, source->data(bytes.size(), length));
    append(bytes, piece);
  }
  if (crypto::blake3(bytes) != root) return fail(Code::corrupt, "the hash sequence is damaged");
  return index.set_children(root, bytes);
}

Result<> FileStore::set_name(const std::string& name, const HashAndFormat& target) {
  if (name.empty() || name.size() > 4096 || !is_utf8(name)) {
    return fail(Code::bad_input, "a name is 1 to 4096 bytes of UTF-8");
  }
  const std::lock_guard lock(mutex_);
  return change_rows(false, [&](Index& index) -> Result<> {
    TRY_OK(index.set_name(name, target));
    if (target.format == Format::hash_seq) TRY_OK(expand_sequence(index, target.hash));
    return index.drop_children_of_unused_roots();
  });
}

Result<> FileStore::remove_name(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return change_rows(false, [&](Index& index) -> Result<> {
    TRY(removed, index.remove_name(name));
    if (!removed) return fail(Code::not_found, "no such name");
    return index.drop_children_of_unused_roots();
  });
}

Result<std::vector<std::pair<std::string, HashAndFormat>>> FileStore::names() {
  const std::lock_guard lock(mutex_);
  return index_->names();
}

Result<> FileStore::set_pin(const HashAndFormat& target, bool pinned) {
  const std::lock_guard lock(mutex_);
  return change_rows(false, [&](Index& index) -> Result<> {
    TRY_OK(index.set_pin(target, pinned));
    if (!pinned) return index.drop_children_of_unused_roots();
    if (target.format == Format::hash_seq) return expand_sequence(index, target.hash);
    return {};
  });
}

Result<std::vector<HashAndFormat>> FileStore::pins() {
  const std::lock_guard lock(mutex_);
  return index_->pins();
}

Result<> FileStore::set_offer(const HashAndFormat& target, std::optional<OfferClass> offered) {
  const std::lock_guard lock(mutex_);
  return change_rows(false, [&](Index& index) -> Result<> {
    TRY_OK(index.set_offer(target, offered));
    if (!offered.has_value()) return index.drop_children_of_unused_roots();
    if (target.format == Format::hash_seq) return expand_sequence(index, target.hash);
    return {};
  });
}

Result<> FileStore::ensure_offered(const HashAndFormat& target) {
  const std::lock_guard lock(mutex_);
  return change_rows(false, [&](Index& index) -> Result<> {
    TRY_OK(index.ensure_offered(target));
    if (target.format == Format::hash_seq) return expand_sequence(index, target.hash);
    return {};
  });
}

Result<std::optional<OfferClass>> FileStore::offer(const Blake3Hash& hash) {
  const std::lock_guard lock(mutex_);
  return remembered(known_offers_, hash, [&] { return index_->offer(hash); });
}

Result<std::uint64_t> FileStore::size_with_children(const Blake3Hash& hash) {
  const std::lock_guard lock(mutex_);
  return remembered(known_sizes_, hash, [&] { return index_->size_with_children(hash); });
}

Result<std::vector<std::pair<HashAndFormat, OfferClass>>> FileStore::offers() {
  const std::lock_guard lock(mutex_);
  return index_->offers();
}

}  // namespace archy::store
