#include "wallet/backup/salvage.hpp"

#include <fmt/format.h>

#include "wallet/backup/self_check.hpp"
#include "wallet/ledger/mint_url.hpp"
#include "wallet/ledger/schema.hpp"

namespace archy::wallet {
namespace {

using Copying = db::Connection::Copying;

// Rules that keep the wallet from forgetting are no help here.
Result<> drop_triggers(db::Connection& image) {
  std::vector<std::string> names;
  {
    TRY(query, image.query("SELECT name FROM sqlite_schema WHERE type = 'trigger' "
                           "AND name NOT LIKE 'holdings%'"));
    for (;;) {
      TRY(there, query.step());
      if (!there) break;
      names.emplace_back(query.text(0));
    }
  }
  for (const std::string& name : names) TRY_OK(image.run(fmt::format("DROP TRIGGER {}", name)));
  return {};
}

// From both ends, up to where it cannot be read.
Result<> copy_readable(db::Connection& from, std::string_view table, db::Connection& to) {
  const bool by_row = table == "mints" || table == "operations" || table == "requests" ||
                      table == "services" || table == "sessions" || table == "payments";
  const std::string key = by_row                                      ? "id"
                          : table == "keysets"                        ? "id"
                          : table == "outputs"                        ? "request"
                          : table == "proofs" || table == "received"  ? "y"
                          : table == "quotes" || table == "transfers" ? "operation"
                          : table == "service_days"                   ? "service"
                                                                      : "name";
  for (const char* order : {"", " DESC"}) {
    const std::string select =
        fmt::format("SELECT * FROM {} NOT INDEXED ORDER BY {}{}", table, key, order);
    TRY(copied, from.copy_rows(select, std::string(table), to, Copying::lenient));
    if (copied.to_the_end) return {};
  }
  return {};
}

Result<std::vector<std::string>> texts(db::Connection& db, const char* sql) {
  TRY(query, db.query(sql));
  std::vector<std::string> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.emplace_back(query.text(0));
  }
}

// Mints whose URL is one, keysets whose id follows from their keys.
Result<> keep_true_mints(db::Connection& image) {
  TRY(urls, texts(image, "SELECT url FROM mints"));
  for (const std::string& url : urls) {
    const auto normal = normal_mint_url(url);
    if (!normal || *normal != url)
      TRY_OK(image.run("DELETE FROM mints WHERE url = ?", std::string_view(url)));
  }
  return {};
}

Result<> keep_true_keysets(Books& books) {
  auto& db = books.db.connection();
  TRY(ids, texts(db, "SELECT id FROM keysets"));
  for (const std::string& text : ids) {
    const auto id = cashu::KeysetId::parse(text);
    const auto known = id ? books.mints.keyset(*id) : Result<KeysetRow>(fail(id.error()));
    if (known) continue;
    TRY_OK(db.run("DELETE FROM keysets WHERE id = ?", std::string_view(text)));
  }
  return {};
}

Result<> leave_out(Books& books, const Operation& operation) {
  auto& db = books.db.connection();
  const std::int64_t id = operation.id.value();
  TRY_OK(db.run(
      "DELETE FROM outputs WHERE request IN (SELECT id FROM requests WHERE operation = ?)", id));
  TRY_OK(db.run("DELETE FROM requests WHERE operation = ?", id));
  TRY_OK(db.run("DELETE FROM quotes WHERE operation = ?", id));
  TRY_OK(db.run("DELETE FROM proofs WHERE held_by = ? AND state <> 2", id));
  return db.run(
      "UPDATE operations SET state = 2, stage = ?, sealed = NULL, "
      "note = 'the database was damaged here: its ecash is brought back by the words' WHERE id = ?",
      Stage::undone, id);
}

// Leaves out what could not have been written by us. How much.
Result<std::uint64_t> keep_what_is_true(Books& books) {
  std::uint64_t out = 0;
  auto& db = books.db.connection();
  TRY(mints, books.mints.list());
  for (const MintRow& mint : mints) {
    TRY(untrue, untrue_proofs(books, mint.id));
    for (const crypto::Point& y : untrue)
      TRY_OK(db.run("DELETE FROM proofs WHERE y = ?", ByteView(y.compressed())));
    out += untrue.size();
  }
  TRY(open, books.operations.open());
  for (const Operation& operation : open) {
    if (check_operation(books, operation)) continue;
    TRY_OK(leave_out(books, operation));
    ++out;
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<db::Connection>> salvage_mints(const rt::Env& env, const rt::Path& damaged,
                                                      const db::Options& options) {
  TRY(from, db::Connection::open_damaged(env.files, damaged, wallet_schema(), options));
  TRY(image, db::Connection::open_image(env.files, wallet_schema()));
  TRY_OK(copy_readable(*from, "mints", *image));
  TRY_OK(keep_true_mints(*image));
  return image;
}

Result<Salvaged> salvage(const rt::Env& env, const crypto::Bip39Seed& seed, const rt::Path& damaged,
                         const db::Options& options) {
  TRY(from, db::Connection::open_damaged(env.files, damaged, wallet_schema(), options));
  TRY(readable, db::Connection::open_image(env.files, wallet_schema()));
  TRY_OK(drop_triggers(*readable));
  TRY_OK(readable->run("PRAGMA foreign_keys = OFF"));
  TRY_OK(copy_readable(*from, "mints", *readable));
  TRY_OK(keep_true_mints(*readable));
  TRY(mints, texts(*readable, "SELECT url FROM mints"));
  if (mints.empty()) return fail(Code::corrupt, "no mint can be read of it");
  auto db = WalletDb::of_image(std::move(readable));
  Salvaged out;
  {
    Books books(*db, seed, env.clock, env.random);
    for (const std::string_view table : kWalletTables) {
      if (table == "mints") continue;
      TRY_OK(copy_readable(*from, table, db->connection()));
      if (table == "keysets") TRY_OK(keep_true_keysets(books));
      // A part goes on by itself where the whole is lost.
      if (table == "operations")
        TRY_OK(
            db->connection().run("UPDATE operations SET part_of = NULL WHERE part_of NOT IN "
                                 "(SELECT id FROM operations)"));
    }
    TRY(left_out, keep_what_is_true(books));
    out.left_out = left_out;
    TRY(image, select_for_backup(env.files, books, Copying::lenient));
    out.image = std::move(image);
  }
  // Once more: what refers to a row that is gone was not taken over.
  TRY_OK(drop_triggers(*out.image));
  auto kept = WalletDb::of_image(std::move(out.image));
  {
    Books books(*kept, seed, env.clock, env.random);
    TRY(left_out, keep_what_is_true(books));
    out.left_out += left_out;
  }
  TRY(bytes, kept->connection().image());
  TRY(image, db::Connection::open_image(env.files, wallet_schema(), bytes));
  out.image = std::move(image);
  return out;
}

}  // namespace archy::wallet
