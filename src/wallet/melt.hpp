// Ecash pays an invoice, and what was too much comes back as change.
//
//   begun -> quoted --(one transaction: inputs, counters of the blanks, body)--> requested
//   requested --PAID---------------------------------> settled
//     | |  '----PAID, change missing-----------------> paid --(quote, restore)--> settled
//     | '-------refused before anything was tried----> undone
//     '---------UNPAID or FAILED, inputs unspent-----> fencing
//   fencing ----our swap of the inputs is signed-----> undone (at the fee's cost)
//     '---------the inputs are gone: it was paid-----> requested, and asked again
//
// What the quote says and what the inputs say must agree before anything is released; and even then
// not without the fence once a payment may have been tried: a mint can say UNPAID while the payment
// is on its way. PAID is final: from there on there is no second payment, whatever happens.
//
// | crash after                        | the row says       | what is then done                  |
// |------------------------------------|--------------------|------------------------------------|
// | the quote's request                | begun              | undone: an orphan quote is harmless|
// | the quote's row                    | quoted             | undone                             |
// | the transaction                    | requested, armed   | undone: nothing was sent (but with |
// |                                    |                    | new blanks: gone on with)          |
// | the mark before the first byte     | requested, sent    | the quote is asked                 |
// | the mint has paid, answer lost     | requested, sent    | the quote says PAID, and the change|
// | the answer came, booking did not   | requested, sent    | the same                           |
// | the booking                        | settled            | nothing                            |
// | the booking without all change     | paid               | quote and restore, until told      |
// | the fence's transaction            | fencing, armed     | the fence is sent                  |
// | the fence was executed, answer lost| fencing, sent      | replay, restore: undone            |
#pragma once

#include "wallet/exchange.hpp"

namespace archy::wallet {

// One round, and what follows from it in the books. Errors: as exchange_round.
rt::Task<> melt_round(Books& books, KnownMint& mint, Operation& operation, rt::Duration patience,
                      std::stop_token stop);

// The melt that is to be stored; the operation is at `requested` then. Requires: within the
// transaction that stores it, in which its inputs were reserved; the operation has its quote.
// `bill`: of those inputs.
Result<Draft> draft_melt(Books& books, KnownMint& mint, Operation& operation,
                         const cashu::MeltBill& bill);

}  // namespace archy::wallet
