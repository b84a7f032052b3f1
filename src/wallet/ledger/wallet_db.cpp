#include "wallet/ledger/wallet_db.hpp"

#include "wallet/ledger/schema.hpp"

namespace archy::wallet {
namespace {

// Its tables, and the rules that they hold up by themselves.
Result<std::string> rules_of(db::Connection& connection) {
  TRY(query, connection.query("SELECT name, sql FROM sqlite_schema "
                              "WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"));
  std::string out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.append(query.text(0)).append("\n").append(query.text(1)).append("\n");
  }
}

// The same in every database.
const Result<std::string>& rules_as_made(rt::Files& files) {
  static const Result<std::string> made = [&]() -> Result<std::string> {
    TRY(image, db::Connection::open_image(files, wallet_schema()));
    return rules_of(*image);
  }();
  return made;
}

}  // namespace

Result<std::unique_ptr<WalletDb>> WalletDb::open(rt::Files& files, const rt::Path& path,
                                                 const db::Options& options) {
  TRY(connection, db::Connection::open(files, path, wallet_schema(), options));
  // A bit that flipped in one of them breaks no structure, and shows when the rule is needed.
  auto here = rules_of(*connection);
  const auto& made = rules_as_made(files);
  if (!made) return fail(made.error());
  if (!here || *here != *made) {
    connection->leave_as_it_is();
    return fail(Code::corrupt, "wallet.db: its tables or rules are not as they were made");
  }
  return std::unique_ptr<WalletDb>(new WalletDb(std::move(connection)));
}

}  // namespace archy::wallet
