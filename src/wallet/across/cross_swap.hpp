// Ecash of one mint becomes ecash of another, over Lightning: the invoice of a mint operation at
// the target is paid by a melt operation at the source. Both are parts of the cross swap, which
// alone goes on with them.
//
//   begun --the target's quote, locked to a fresh key--> quoted
//   quoted --the source's quote, all checks; then in one transaction: inputs reserved, counters
//     |       taken, the exact bytes of the payment AND of the claim--> requested
//     '------a quote that ends too soon: another one--> quoted
//   requested --PAID--> paid --signed--> settled
//     '--not paid, its inputs free again (fenced off where it was sent)--> undone, or quoted: tried
//        again while nothing was lost and there is time
//
// clang-format off
// | crash after                             | the rows say            | what is then done              |
// |-----------------------------------------|-------------------------|--------------------------------|
// | its row (K1)                            | begun                   | gone on with, or undone when it is too late |
// | the target's quote was asked for (K2)   | begun, a part at begun  | asked again with another key   |
// | the target's quote (K3)                 | quoted                  | gone on with, or another quote |
// | the source's quote (K4, K5)             | quoted                  | asked again, checks and all    |
// | a swap for exact inputs (K6)            | quoted, a swap is open  | that first                     |
// | the transaction (K7)                    | requested, never sent   | released; tried again in time  |
// | the mark before the first byte (K8)     | requested, sent         | melt.hpp's table               |
// | the payment, answer lost (K9 to K11)    | requested, sent         | melt.hpp's table               |
// | PAID (K12)                              | paid                    | the target is asked; change is had back beside it |
// | the claim, answer lost (K14, K15)       | paid, a part requested  | exchange.hpp's table           |
// | the booking (K17)                       | paid, a part settled    | settled                        |
// clang-format on
//
// Rules of its own:
// - Before anything is sent the worst that it can cost is known and within the cap: reserve, input
//   fees, and what a swap for exact inputs has cost. What it has cost in the end is what `from` has
//   lost less what `to` has got; a source that takes more than its quote said changes nothing any
//   more: the swap is completed, it is written down, and the way counts as a bad one.
// - PAID is final: from there on the only end is the target's ecash. A target that does not know of
//   the payment is asked for ever; after ten minutes the operation needs attention, with the
//   evidence, and it still ends by itself as soon as the target says otherwise.
// - A payment that failed is never tried again by itself when it could have cost something.
#pragma once

#include "wallet/melt_flow.hpp"
#include "wallet/mint_flow.hpp"

namespace archy::wallet {

struct CrossTerms {
  cashu::Amount amount;    // that is to arrive
  cashu::Amount most_fee;  // that may be lost on the way
};

// Makes its row; nothing is asked of anybody. Errors: bad_input; unsupported, denied: the two
// cannot be a way; denied: a name that was used.
Result<Operation> begin_cross_swap(Books& books, KnownMint& from, KnownMint& to, NewOperation asked,
                                   const CrossTerms& terms);

// From `begun` or `quoted` to `requested`, where it is in time. Errors: what stands in the way, and
// nothing was sent: denied (a cap, trust), unsupported, payment_needed, bad_input, unreachable,
// timed_out, peer_fault, try_later (a swap for exact inputs is not decided); the disk's.
rt::Task<> arm_cross_swap(Books& books, Mints& mints, Operation& operation, rt::Duration patience,
                          std::stop_token stop);

// Nothing was paid: it is at an end, with its quote. Requires: at begun or quoted. Errors: the
// disk's; denied: somebody else has gone on with it.
Result<> call_off(Books& books, Operation& operation, std::string why);

// One round, and what follows from it. Errors: as exchange_round.
rt::Task<> cross_round(Books& books, Mints& mints, Operation& operation, rt::Duration patience,
                       std::stop_token stop);

// What it has cost as far as its parts say: change may come back after its end.
Result<> note_cost(Books& books, OperationId cross);

}  // namespace archy::wallet
