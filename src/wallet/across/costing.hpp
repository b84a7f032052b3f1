// What the books know of every way to pay somebody: holdings, trust, fees, what became of earlier
// swaps. Nobody is asked, and no mint that is not in the wallet is ever reached.
#pragma once

#include "wallet/across/plan.hpp"
#include "wallet/mints.hpp"

namespace archy::wallet {

struct PaymentTerms {
  std::vector<std::string> accepted_mints;  // as the payee writes them, in his order
  cashu::Amount amount;                     // that he has after his own swap
  cashu::Amount most_fee;                   // over it, whatever it is for
  // Where ecash has to be brought to a mint of his, so much is brought at once if that can be had
  // within most_fee: for the payments that follow. Never less than `amount`.
  cashu::Amount bring = {};
};

// Errors: the disk's.
Result<CostedPlan> cost_from_books(Books& books, Mints& mints, const PaymentTerms& terms);

// What has to be handed over so that the payee has `amount`; `amount` where nothing is known of the
// mint's fees.
cashu::Amount to_hand_over(const KnownMint& mint, cashu::Amount amount);

}  // namespace archy::wallet
