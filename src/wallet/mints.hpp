// Every mint of the book with the way to it, and what of its ecash can be spent.
#pragma once

#include <map>

#include "wallet/known_mint.hpp"
#include "wallet/selection.hpp"

namespace archy::wallet {

// Thread: the loop. Lifetime: `http` and `books` outlive it.
class Mints {
 public:
  Mints(http::Client& http, Books& books) : http_(http), books_(books) {}

  // Errors: not_found: no such mint in the book.
  Result<KnownMint*> at(MintId id);
  Result<KnownMint*> at(std::string_view url);
  // Null: nothing was asked of it yet. Lifetime: this object's.
  KnownMint* met(MintId id);
  // The one named, or home. Errors: denied: it is not trusted; not_found: none is named and none is
  // home.
  Result<KnownMint*> trusted(const std::optional<std::string>& url);

 private:
  http::Client& http_;
  Books& books_;
  std::map<MintId, std::unique_ptr<KnownMint>> known_;
};

// The spendable ecash of a mint, keyset by keyset; that of keysets past their end is left out.
Result<std::vector<Purse>> purses_of(Books& books, const KnownMint& mint);

// What has to be handed out so that the receiver has `amount` after his own swap.
Result<cashu::Amount> with_receivers_fee(const cashu::Keyset& keyset, cashu::Amount amount);

}  // namespace archy::wallet
