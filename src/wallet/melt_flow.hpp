// The way to a melt: the quote, what it may cost at most, and the proofs for it.
#pragma once

#include <functional>

#include "wallet/melt.hpp"
#include "wallet/mints.hpp"

namespace archy::wallet {

// What a payment may cost where nobody says: 5 % of the amount, at least 20 sat.
cashu::Amount default_most_fee(cashu::Amount amount);

struct MeltTerms {
  std::string invoice;
  // The most that may be lost in fees, in the worst case. None: default_most_fee().
  std::optional<cashu::Amount> most_fee = std::nullopt;
  // Hears what swaps before it have cost, whatever becomes of the rest. Outlives the call.
  std::function<void(cashu::Amount)> on_fee = {};
};

// What stands in the way of a melt now.
struct MeltPlan {
  Quote quote;
  // The mint gives no change, or the proofs that cover it are far too large: first a swap that
  // makes proofs of exactly this sum.
  std::optional<cashu::Amount> needs_exact = std::nullopt;
};

// Asks for a quote, which must be for the invoice's own amount. Errors: bad_input (no invoice, one
// without an amount, one that has expired); denied: it could cost more than most_fee; unsupported;
// payment_needed; peer_fault.
rt::Task<MeltPlan> plan_melt(Books& books, KnownMint& mint, const MeltTerms& terms,
                             std::stop_token stop);

// Whether what lies there can be spent on it with nothing left over.
Result<bool> is_exact(Books& books, const KnownMint& mint, const MeltPlan& plan);

struct PreparedMelt {
  Operation operation;
  Draft draft;
};
// Reserves the inputs of a melt that is to be stored. Requires: within the transaction that stores
// it. `paid_before`: in fees, for having them. Errors: payment_needed; denied as above.
Result<PreparedMelt> prepare_melt(Books& books, KnownMint& mint, NewOperation asked,
                                  const MeltPlan& plan, cashu::Amount paid_before);

// The same, stored.
Result<Operation> begin_melt(Books& books, KnownMint& mint, NewOperation asked,
                             const MeltPlan& plan, cashu::Amount paid_before);

}  // namespace archy::wallet
