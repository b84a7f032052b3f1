#include "wallet/ledger/wallet_db.hpp"

#include "wallet/ledger/schema.hpp"

namespace archy::wallet {

Result<std::unique_ptr<WalletDb>> WalletDb::open(rt::Files& files, const rt::Path& path,
                                                 const db::Options& options) {
  TRY(connection, db::Connection::open(files, path, wallet_schema(), options));
  return std::unique_ptr<WalletDb>(new WalletDb(std::move(connection)));
}

}  // namespace archy::wallet
