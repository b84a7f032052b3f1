// A paid invoice becomes ecash.
//
//   begun --the mint's quote, its invoice checked--> quoted --paid--> requested --> settled
//     '--no quote--> undone                             '--never paid, expired--> undone
//
// | crash after                     | the row says | what is then done                          |
// |---------------------------------|--------------|--------------------------------------------|
// | the number of the quote's key   | begun        | undone; the number is not used again       |
// | the quote's request             | begun        | the same: an orphan quote is harmless      |
// | the quote's row                 | quoted       | asked whether it is paid                   |
// | from the claim's row on         | requested    | exchange.hpp's table                       |
//
// A quote that was paid is claimed at once and asked for for ever: mints issue after its end. One
// that nobody has paid, or that the mint has forgotten, ends a day after its own end.
//
// The claim of a cross swap is stored before anything is paid: then the row says `quoted` and has a
// request that was not sent, and what is paid is claimed with that.
#pragma once

#include "wallet/exchange.hpp"
#include "wallet/mints.hpp"

namespace archy::wallet {

// Asks for an invoice of `amount`. The operation is at `quoted` then. Errors: denied: the mint's
// cap; unsupported: the mint does not do it, or not that amount; peer_fault: another invoice than
// asked for.
rt::Task<Operation> begin_mint(Books& books, KnownMint& mint, NewOperation asked,
                               std::stop_token stop);
// One round: is it paid, then the claim. Errors: as exchange_round.
rt::Task<> mint_round(Books& books, KnownMint& mint, Operation& operation, rt::Duration patience,
                      std::stop_token stop);

// Nobody has paid, or will: the claim that was stored for it is given up, too. Requires: nothing of
// it can be paid or executed any more.
Result<> end_mint(Books& books, Operation& operation, std::string why);

// What may still come to this mint under its cap, beside what lies there and what open claims and
// tokens bring. Swaps between mints are the caller's to add. Errors: denied: not that much.
// `except`: an open one that brings what is asked about.
Result<> within_cap(Books& books, const KnownMint& mint, cashu::Amount more,
                    std::optional<OperationId> except = std::nullopt);
// The same, with all swaps between mints that are on their way there.
Result<> within_cap_of_all(Books& books, const KnownMint& mint, cashu::Amount more,
                           std::optional<OperationId> except = std::nullopt);

}  // namespace archy::wallet
