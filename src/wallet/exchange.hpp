// The common part of every operation whose request has outputs that are what it is about: swap,
// send, receive, and the claim of a mint.
//
//   (one transaction: operation, inputs reserved, counters taken, exact body)
//        |
//        v
//   requested --signed--------------------------> settled   (send: handed)
//     |  |  '---keyset retired, counter behind--> requested, with new outputs; after 8 requests
//     |  |                                        needs_attention, and the last bytes sent again
//     |  |------refused, inputs gone------------> undone (a claim: the same bytes sent again)
//     |  '------refused, a copy unanswered------> fencing --signed--> undone (at the fee's cost)
//     |---------20 sendings, an hour, and neither signed nor spent: fencing
//     '---------contradiction-------------------> needs_attention, and asked again
//
// | crash after                        | the row says          | what is then done             |
// |------------------------------------|-----------------------|-------------------------------|
// | before the transaction             | nothing               | nothing happened              |
// | the transaction                    | armed                 | swap, send: undone; receive,  |
// |                                    |                       | mint: gone on with            |
// | the mark before the first byte     | sent, no answer       | asking.hpp's round            |
// | the mint executed it, answer lost  | sent, no answer       | replay or restore: settled    |
// | the answer came, booking did not   | sent                  | replay or restore: settled    |
// | the booking                        | settled               | nothing is left to do         |
#pragma once

#include "wallet/asking.hpp"
#include "wallet/outputs.hpp"

namespace archy::wallet {

// Requests of one operation, each with new outputs, before a person is asked.
inline constexpr std::size_t kMostRequests = 8;

// Stores the request of an operation and commits `transaction`, in which its inputs were reserved.
// Errors: as the disk and plan_outputs have them: then
// nothing holds.
Result<StoredRequest> store_exchange(Books& books, KnownMint& mint, db::Transaction transaction,
                                     Operation& operation, const OutputPlan& plan,
                                     Stage stage = Stage::requested);

// The same without storing it, for what is stored together with it; the operation is at `stage`
// then. Requires: within the transaction that stores it. Errors: as store_exchange.
Result<Draft> draft_exchange(Books& books, KnownMint& mint, Operation& operation,
                             const OutputPlan& plan, Stage stage);

// Its request that is neither booked nor given up; none: there is none.
Result<std::optional<StoredRequest>> unfinished_request(Books& books, const Operation& operation);

// One round with the operation's request, and what follows from it in the books. `operation` shows
// where it is then: still open when nothing is known yet. Errors: the disk's; denied: somebody else
// goes on with it.
rt::Task<> exchange_round(Books& books, KnownMint& mint, Operation& operation,
                          rt::Duration patience, std::stop_token stop);
// The same with the request that unfinished_request() gave.
rt::Task<> exchange_round(Books& books, KnownMint& mint, Operation& operation,
                          StoredRequest request, rt::Duration patience, std::stop_token stop);

// Whether an earlier request of the operation, refused as it seemed, was executed after all: then
// its outputs are restored and booked. `last`: a later request of the same inputs, which can never
// be executed then; may be null.
rt::Task<bool> rescue(Books& books, KnownMint& mint, Operation& operation,
                      const StoredRequest* last, std::stop_token stop);

// After a start: an armed request of a swap or send was never sent, and its caller is gone. One
// that follows another request which may be under way is gone on with.
Result<> undo_unsent(Books& books, Operation& operation);

}  // namespace archy::wallet
