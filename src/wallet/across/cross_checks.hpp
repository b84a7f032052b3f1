// What must hold of two mints and their quotes before a payment from one to the other is stored.
// Nothing is asked here.
#pragma once

#include "wallet/melt_flow.hpp"

namespace archy::wallet {

// Before a quote ends there must be so long for the payment to arrive and be claimed; what a way
// usually takes makes it longer. Units: seconds.
std::uint64_t target_margin_s(const Route& route);
inline constexpr std::uint64_t kSourceMarginS = 10;

// Whether ecash can be asked for there so that it is never lost: the operator trusts it, it can
// restore (NUT-09) and locks quotes to a key (NUT-20), its keyset lasts for 30 days, it takes the
// amount, and the cap has room. Errors: denied (trust, cap), unsupported.
Result<> check_target(Books& books, const KnownMint& to, cashu::Amount amount);
// Errors: unsupported: it does not pay such invoices now.
Result<> check_source(const KnownMint& from, cashu::Amount amount);

// Whether the invoice, and its quote, can still be paid for `margin_s`, by the target's own clock.
bool target_lasts(const KnownMint& to, const Quote& quote, std::uint64_t margin_s);
// Whether the quote of a payment has kSourceMarginS left, by the source's own clock.
bool source_lasts(const KnownMint& from, const Quote& quote);

}  // namespace archy::wallet
