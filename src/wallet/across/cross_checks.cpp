#include "wallet/across/cross_checks.hpp"

#include <algorithm>

#include "cashu/bolt11.hpp"
#include "wallet/mint_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

constexpr std::uint64_t kLeastMarginS = 120;
constexpr std::uint64_t kMostMarginS = 1800;
// Ecash of a keyset that ends sooner is not bought.
constexpr std::uint64_t kKeysetLifeS = std::uint64_t{30} * 24 * 3600;

Result<> check_method(const KnownMint& mint, const std::vector<cashu::MethodTerms>& methods,
                      Amount amount, std::string_view what) {
  const auto terms = std::ranges::find_if(methods, [](const cashu::MethodTerms& each) {
    return each.method == "bolt11" && each.unit == kUnit;
  });
  if (terms == methods.end())
    return fail(Code::unsupported, mint.url() + " does not " + std::string(what) + " now");
  if ((terms->min && amount < *terms->min) || (terms->max && amount > *terms->max))
    return fail(Code::unsupported, mint.url() + " does not " + std::string(what) + " for " +
                                       std::to_string(amount.value()) + " sat");
  return {};
}

}  // namespace

std::uint64_t target_margin_s(const Route& route) {
  const auto usual_s = static_cast<std::uint64_t>(std::max<std::int64_t>(route.usual_ms, 0)) / 1000;
  return std::clamp(3 * usual_s, kLeastMarginS, kMostMarginS);
}

Result<> check_target(Books& books, const KnownMint& to, Amount amount) {
  TRY(trusted, books.mints.is_trusted(to.url()));
  if (!trusted) return fail(Code::denied, "not a trusted mint: " + to.url());
  if (!to.info().restore)
    return fail(Code::unsupported,
                to.url() + " cannot restore ecash (NUT-09): nothing is swapped there");
  if (!to.info().signed_quotes)
    return fail(Code::unsupported, to.url() + " does not lock quotes to a key (NUT-20)");
  TRY_OK(check_method(to, to.info().mint_methods, amount, "make ecash of Lightning payments"));
  TRY(keyset, to.for_outputs());
  const auto& ends = keyset->terms().final_expiry;
  if (ends && *ends < to.now_s() + kKeysetLifeS)
    return fail(Code::unsupported, "the keyset of " + to.url() + " ends within 30 days");
  TRY(coming, books.transfers.on_the_way(to.id()));
  // This swap is among what comes.
  return within_cap(books, to, std::max(coming, amount));
}

Result<> check_source(const KnownMint& from, Amount amount) {
  return check_method(from, from.info().melt_methods, amount, "pay Lightning invoices");
}

bool target_lasts(const KnownMint& to, const Quote& quote, std::uint64_t margin_s) {
  const std::uint64_t until = to.now_s() + margin_s;
  if (quote.expiry && *quote.expiry < until) return false;
  const auto invoice = cashu::parse_invoice(quote.invoice);
  return invoice && invoice->expires_at() >= until;
}

bool source_lasts(const KnownMint& from, const Quote& quote) {
  return !quote.expiry || *quote.expiry >= from.now_s() + kSourceMarginS;
}

}  // namespace archy::wallet
