// A token for somebody else, and taking one back.
//
//   exact proofs there:  (one transaction: proofs given, token kept) -> handed, no request at all
//   else:                requested --our swap is signed, token kept--> handed
//   handed --the mint says that the proofs are spent--> redeemed
//        '--taken back by a swap of ours--------------> undone
//
// The token is in the book before anybody sees it, so it can be handed out again after any crash.
// Crashes of the swap: exchange.hpp's table.
#pragma once

#include <functional>

#include "wallet/exchange.hpp"
#include "wallet/mints.hpp"

namespace archy::wallet {

struct SendTerms {
  cashu::Amount amount;
  std::optional<cashu::Amount> most_fee = std::nullopt;
  // So that the receiver has the amount after he has paid the mint's fee.
  bool include_receivers_fee = false;
  std::optional<cashu::SpendingCondition> lock = std::nullopt;
  // Hears what swaps before it have cost, whatever becomes of the rest. Outlives the call.
  std::function<void(cashu::Amount)> on_fee = {};
};

// Reserves and stores what is to be sent; the operation is `handed` already, or `requested`.
// Errors: payment_needed: not enough ecash there; denied: it would cost more than most_fee.
rt::Task<Operation> begin_send(Books& books, KnownMint& mint, NewOperation asked, SendTerms terms,
                               std::stop_token stop);

// A swap of what `sent` gave, to ourselves. Errors: denied: nothing of it is out any more.
rt::Task<Operation> begin_take_back(Books& books, KnownMint& mint, const Operation& sent,
                                    std::stop_token stop);

// Asks whether the tokens that are out were redeemed.
rt::Task<> look_after_handed(Books& books, KnownMint& mint, Operation& sent, std::stop_token stop);

// Ecash of keysets that end before `ends_before`, and have not ended, swapped to ourselves in one
// that lasts: as much as one request takes. None: there is nothing to swap, or it is worth less
// than the fee. Errors: unsupported: the mint has no keyset that lasts.
rt::Task<std::optional<Operation>> begin_sweep(Books& books, KnownMint& mint,
                                               std::uint64_t ends_before, std::stop_token stop);

// The smallest proofs there, as many as one request takes, swapped to ourselves for large ones.
// Stores it. Errors: payment_needed: they are worth less than the fee; denied: it is more than
// `most_fee`.
rt::Task<Operation> begin_merge(Books& books, KnownMint& mint,
                                std::optional<cashu::Amount> most_fee, std::stop_token stop);

// A swap of ecash to ourselves that leaves proofs of exactly this sum beside the rest: for a mint
// that gives no change. Stores it. `part_of`: the cross swap that it serves.
rt::Task<Operation> begin_exact(Books& books, KnownMint& mint, cashu::Amount exact,
                                std::optional<OperationId> part_of, std::stop_token stop);

}  // namespace archy::wallet
