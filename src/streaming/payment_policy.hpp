// How much a buyer may spend, decided before the first peer is asked.
#pragma once

#include "cashu/amount.hpp"

namespace archy::streaming {

using cashu::Amount;

// Sums of what was paid, fees and lost instalments in them. Nothing set: nothing is ever paid.
struct PaymentPolicy {
  Amount per_blob{};
  Amount most_fee{};  // of one payment, over its price
  Amount per_film{};
  Amount per_peer{};
  Amount per_day{};  // UTC

  // As settings name them: 0 for a film, a peer or a day is as much as for one blob.
  static PaymentPolicy of(Amount blob, Amount fee, Amount film, Amount peer, Amount day) {
    const auto or_blob = [blob](Amount most) { return most == Amount(0) ? blob : most; };
    return {blob, fee, or_blob(film), or_blob(peer), or_blob(day)};
  }
  // Of releases and catalogues: their fetches are given no Buyer at all; this is for whoever has to
  // name a policy.
  static PaymentPolicy free() { return {}; }
  bool pays() const { return per_blob.value() > 0; }
};

}  // namespace archy::streaming
