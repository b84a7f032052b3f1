// What is remembered of each way between two mints (route.hpp), as rows of the wallet's database. A
// hint for choosing, never evidence: it is in no backup.
#pragma once

#include <vector>

#include "wallet/ledger/mint_book.hpp"
#include "wallet/ledger/route.hpp"

namespace archy::wallet {

struct RouteKey {
  MintId from, to;
  SizeBucket bucket = 0;
  auto operator<=>(const RouteKey&) const = default;
};

struct RouteRow {
  RouteKey key;
  Route route;
};

// Thread and lifetime: as WalletDb's.
class RouteBook {
 public:
  explicit RouteBook(WalletDb& db) : db_(db.connection()) {}

  // Of a way that was never gone: nothing is known of it.
  Result<Route> find(const RouteKey& key);
  Result<> put(const RouteKey& key, const Route& route);
  Result<std::vector<RouteRow>> list();

 private:
  db::Connection& db_;
};

}  // namespace archy::wallet
