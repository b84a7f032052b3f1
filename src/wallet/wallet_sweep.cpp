// Ecash of keysets that are about to end.
#include "base/log.hpp"
#include "wallet/wallet.hpp"

namespace archy::wallet {
namespace {

// As long before its end as nothing new is asked for in it (KnownMint::for_outputs).
constexpr std::uint64_t kSweptBeforeS = std::uint64_t{7} * 24 * 3600;

}  // namespace

Result<std::vector<Wallet::Ending>> Wallet::ending_keysets() {
  TRY(mints, books_.mints.list());
  const std::uint64_t soon = books_.now_s() + kSweptBeforeS;
  std::vector<Ending> out;
  for (const MintRow& mint : mints) {
    TRY(rows, books_.mints.ending(mint.id, soon));
    for (const EndingKeyset& row : rows) {
      TRY(holdings, books_.proofs.holdings(row.keyset));
      cashu::Amount here;
      for (const auto& [amount, count] : holdings)
        for (std::uint64_t i = 0; i < count; ++i) here = here.plus(amount).value_or(here);
      if (here > cashu::Amount(0))
        out.push_back({mint.url, row.keyset.text(), row.final_expiry, here});
    }
  }
  return out;
}

rt::Task<> Wallet::sweep(std::stop_token stop) {
  CO_TRY(ending, ending_keysets());
  std::string last;
  for (const Ending& one : ending) {
    // Of one that has ended nothing can be swapped any more.
    if (one.mint_url == last || one.final_expiry <= books_.now_s()) continue;
    last = one.mint_url;
    CO_TRY(mint, mints_.at(one.mint_url));
    if (!may_spend_at(*mint)) continue;
    auto begun = co_await begin_sweep(books_, *mint, books_.now_s() + kSweptBeforeS, stop);
    if (!begun && begun.error().code == Code::cancelled) co_return fail(begun.error());
    if (!begun)
      log::debug("wallet", "{} sat at {} are in a keyset that ends soon: {}", one.here.value(),
                 one.mint_url, to_string(begun.error()));
  }
  co_return Result<>{};
}

}  // namespace archy::wallet
