// The part of Index about what holds and offers blobs: names, pins, offers, children of hash
// sequences.
#include "store/index.hpp"

namespace archy::store {
namespace {

Result<HashAndFormat> read_target(const db::Query& query, int column) {
  const auto hash = query.bytes32<Blake3Hash>(column);
  const std::int64_t format = query.integer(column + 1);
  if (!hash.has_value() || format < 0 || format > 1) {
    return fail(Code::corrupt, "store.db has a reference that makes no sense");
  }
  return HashAndFormat{*hash, static_cast<Format>(format)};
}

Result<OfferClass> read_class(const db::Query& query, int column) {
  const std::int64_t value = query.integer(column);
  if (value < 0 || value > 3) return fail(Code::corrupt, "store.db has an offer of no known class");
  return static_cast<OfferClass>(value);
}

Result<bool> exists(Result<db::Query> query) {
  TRY(asked, std::move(query));
  return asked.step();
}

}  // namespace

Result<> Index::set_name(std::string_view name, const HashAndFormat& target) {
  return db_->run("INSERT OR REPLACE INTO names (name, hash, format) VALUES (?, ?, ?)", name,
                  target.hash, target.format);
}

Result<bool> Index::remove_name(std::string_view name) {
  TRY_OK(db_->run("DELETE FROM names WHERE name = ?", name));
  return db_->changes() > 0;
}

Result<std::vector<std::pair<std::string, HashAndFormat>>> Index::names() {
  TRY(query, db_->query("SELECT name, hash, format FROM names ORDER BY name"));
  std::vector<std::pair<std::string, HashAndFormat>> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(target, read_target(query, 1));
    out.emplace_back(std::string(query.text(0)), target);
  }
}

Result<> Index::set_pin(const HashAndFormat& target, bool pinned) {
  return pinned ? db_->run("INSERT OR IGNORE INTO pins (hash, format) VALUES (?, ?)", target.hash,
                           target.format)
                : db_->run("DELETE FROM pins WHERE hash = ? AND format = ?", target.hash,
                           target.format);
}

Result<std::vector<HashAndFormat>> Index::pins() {
  TRY(query, db_->query("SELECT hash, format FROM pins"));
  std::vector<HashAndFormat> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(target, read_target(query, 0));
    out.push_back(target);
  }
}

Result<> Index::set_offer(const HashAndFormat& target, std::optional<OfferClass> offered) {
  if (offered.has_value()) {
    return db_->run("INSERT OR REPLACE INTO offers (hash, format, class) VALUES (?, ?, ?)",
                    target.hash, target.format, *offered);
  }
  return db_->run("DELETE FROM offers WHERE hash = ? AND format = ?", target.hash, target.format);
}

Result<> Index::ensure_offered(const HashAndFormat& target) {
  return db_->run("INSERT OR IGNORE INTO offers (hash, format, class) VALUES (?, ?, ?)",
                  target.hash, target.format, OfferClass::standard);
}

Result<std::optional<OfferClass>> Index::offer(const Blake3Hash& hash) {
  // UNION: each class once, however many offers there are.
  TRY(query, db_->query("SELECT class FROM offers WHERE hash = ?1 UNION "
                        "SELECT class FROM seq_children JOIN offers "
                        "ON offers.hash = seq_children.parent AND offers.format = 1 "
                        "WHERE child = ?1",
                        hash));
  std::optional<OfferClass> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(offered, read_class(query, 0));
    out = out ? stricter(*out, offered) : offered;
  }
}

Result<std::uint64_t> Index::size_with_children(const Blake3Hash& hash) {
  TRY(query, db_->query("SELECT coalesce(sum(size), 0) FROM blobs WHERE hash = ?1 OR "
                        "hash IN (SELECT child FROM seq_children WHERE parent = ?1)",
                        hash));
  TRY(there, query.step());
  return there ? static_cast<std::uint64_t>(query.integer(0)) : 0;
}

Result<std::vector<std::pair<HashAndFormat, OfferClass>>> Index::offers() {
  TRY(query, db_->query("SELECT hash, format, class FROM offers"));
  std::vector<std::pair<HashAndFormat, OfferClass>> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(target, read_target(query, 0));
    TRY(offered, read_class(query, 2));
    out.emplace_back(target, offered);
  }
}

Result<bool> Index::is_held(const Blake3Hash& hash) {
  return exists(
      db_->query("SELECT 1 FROM names WHERE hash = ?1 UNION ALL "
                 "SELECT 1 FROM pins WHERE hash = ?1 LIMIT 1",
                 hash));
}

Result<bool> Index::is_kept(const Blake3Hash& hash) {
  TRY(held, is_held(hash));
  if (held) return true;
  return exists(db_->query(
      "SELECT 1 FROM seq_children JOIN names ON names.hash = parent AND names.format = 1 "
      "WHERE child = ?1 UNION ALL "
      "SELECT 1 FROM seq_children JOIN pins ON pins.hash = parent AND pins.format = 1 "
      "WHERE child = ?1 LIMIT 1",
      hash));
}

Result<> Index::release(const Blake3Hash& hash) {
  TRY_OK(db_->run("DELETE FROM names WHERE hash = ?", hash));
  TRY_OK(db_->run("DELETE FROM pins WHERE hash = ?", hash));
  TRY_OK(db_->run("DELETE FROM offers WHERE hash = ?", hash));
  return drop_children_of_unused_roots();
}

Result<bool> Index::is_sequence_root(const Blake3Hash& hash) {
  return exists(
      db_->query("SELECT 1 FROM names WHERE hash = ?1 AND format = 1 UNION ALL "
                 "SELECT 1 FROM pins WHERE hash = ?1 AND format = 1 UNION ALL "
                 "SELECT 1 FROM offers WHERE hash = ?1 AND format = 1 LIMIT 1",
                 hash));
}

Result<std::vector<Blake3Hash>> Index::sequence_roots() {
  TRY(query, db_->query("SELECT hash, 1 FROM names WHERE format = 1 UNION "
                        "SELECT hash, 1 FROM pins WHERE format = 1 UNION "
                        "SELECT hash, 1 FROM offers WHERE format = 1"));
  std::vector<Blake3Hash> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(target, read_target(query, 0));
    out.push_back(target.hash);
  }
}

Result<> Index::set_children(const Blake3Hash& parent, ByteView hashes) {
  for (; hashes.size() >= 32; hashes = hashes.subspan(32)) {
    TRY_OK(db_->run("INSERT OR IGNORE INTO seq_children (child, parent) VALUES (?, ?)",
                    hashes.first(32), parent));
  }
  return {};
}

Result<> Index::drop_children_of_unused_roots() {
  return db_->run(
      "DELETE FROM seq_children WHERE "
      "parent NOT IN (SELECT hash FROM names WHERE format = 1) AND "
      "parent NOT IN (SELECT hash FROM pins WHERE format = 1) AND "
      "parent NOT IN (SELECT hash FROM offers WHERE format = 1)");
}

Result<bool> Index::is_unreferenced(const Blake3Hash& hash) {
  TRY(found, exists(db_->query("SELECT 1 FROM names WHERE hash = ?1 UNION ALL "
                               "SELECT 1 FROM pins WHERE hash = ?1 UNION ALL "
                               "SELECT 1 FROM offers WHERE hash = ?1 UNION ALL "
                               "SELECT 1 FROM seq_children WHERE child = ?1 LIMIT 1",
                               hash)));
  return !found;
}

}  // namespace archy::store
