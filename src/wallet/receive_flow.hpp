// Somebody else's token becomes ours.
//
//   (one transaction: token kept, counters, body) -> requested --our swap is signed--> settled
//   offline, for tokens that only we can spend: (token kept) -> accepted --mint met--> requested
//   requested --the token was spent before--> undone
//
// A token is known by its proofs: the same ones again, in another order or spelling, are the same
// operation; some of them, or more, are refused while that has not failed. Crashes: exchange.hpp's
// table; the token is in the book until it is ours or refused.
#pragma once

#include <functional>

#include "cashu/token.hpp"
#include "wallet/exchange.hpp"
#include "wallet/mints.hpp"

namespace archy::wallet {

// What decides whether two tokens are one: the digest of their secrets' digests, ascending.
Sha256Digest digest_of(std::span<const cashu::Proof> proofs);

// Runs in the transaction that stores an operation: what it writes is durable exactly when that is.
using OnBegun = std::function<Result<>(OperationId)>;

// Reads, checks and stores; `requested` or, where the token was known, as far as that is. The
// mint must be trusted. `on_begun` runs where the token was not known. Errors: bad_input, denied
// (cap; a lock that we do not open; a proof that was received with others), not_found (a keyset
// that the mint does not name), payment_needed (worth less than the mint's fee), and those of
// `on_begun`: nothing is stored then.
rt::Task<Operation> begin_receive(Books& books, KnownMint& mint, const cashu::Token& token,
                                  OnBegun on_begun, std::stop_token stop);

// Without asking the mint: only what is locked to our key alone, proof by proof, with DLEQ on each,
// for long enough, in keysets that last as long. It is redeemed with the next round. Errors: as
// begin_receive; unsupported: keysets that are not known here yet, a mint without locks (NUT-11).
Result<Operation> accept_offline(Books& books, KnownMint& mint, const cashu::Token& token);

// One round. Errors: as exchange_round.
rt::Task<> receive_round(Books& books, KnownMint& mint, Operation& operation, rt::Duration patience,
                         std::stop_token stop);

}  // namespace archy::wallet
