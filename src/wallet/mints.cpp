#include "wallet/mints.hpp"

#include "wallet/outputs.hpp"

namespace archy::wallet {

Result<KnownMint*> Mints::at(MintId id) {
  if (const auto it = known_.find(id); it != known_.end()) return it->second.get();
  TRY(row, books_.mints.find(id));
  if (!row) return fail(Code::not_found, "no such mint");
  TRY(mint, KnownMint::load(http_, books_, std::move(*row)));
  return known_.emplace(id, std::move(mint)).first->second.get();
}

Result<KnownMint*> Mints::at(std::string_view url) {
  TRY(row, books_.mints.find(url));
  if (!row) return fail(Code::not_found, "no such mint in the wallet: " + std::string(url));
  return at(row->id);
}

KnownMint* Mints::met(MintId id) {
  const auto it = known_.find(id);
  return it == known_.end() ? nullptr : it->second.get();
}

Result<KnownMint*> Mints::trusted(const std::optional<std::string>& url) {
  TRY(row, url ? books_.mints.find(*url) : books_.mints.home());
  if (!row && url)
    return fail(Code::denied, "not a trusted mint: " + *url + " (wallet mints add URL)");
  if (!row) return fail(Code::not_found, "no home mint is set (wallet mints home URL)");
  if (!row->trusted)
    return fail(Code::denied, "not a trusted mint: " + row->url + " (wallet mints add URL)");
  return at(row->id);
}

Result<std::vector<Purse>> purses_of(Books& books, const KnownMint& mint) {
  std::vector<Purse> out;
  for (const KeysetRow& row : mint.keyset_rows()) {
    const auto& terms = row.keyset.terms();
    if (terms.unit != kUnit) continue;
    if (terms.final_expiry && *terms.final_expiry <= books.now_s()) continue;
    TRY(holdings, books.proofs.holdings(row.keyset.id()));
    if (!holdings.empty())
      out.push_back({row.keyset.id(), terms.input_fee_ppk, row.active, std::move(holdings)});
  }
  return out;
}

Result<cashu::Amount> with_receivers_fee(const cashu::Keyset& keyset, cashu::Amount amount) {
  cashu::Amount total = amount;
  // The fee grows with the number of proofs, and that hardly with the amount.
  for (;;) {
    TRY(parts, split_for(keyset, total));
    const std::vector<std::uint64_t> ppk(parts.size(), keyset.terms().input_fee_ppk);
    TRY(fee, cashu::input_fee(ppk));
    const auto needed = amount.plus(fee);
    if (!needed) return fail(Code::bad_input, "an amount beyond 64 bits");
    if (total >= *needed) return total;
    total = *needed;
  }
}

}  // namespace archy::wallet
