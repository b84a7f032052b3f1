// Whether what the rows say can be true: damage that leaves the database's own structure whole
// shows here. A proof's secret is derived again and its Y compared, its signature proven against
// the mint's key; a request has the outputs that its counters give; the ledger adds up with the
// ecash; no counter is behind one that was used.
#pragma once

#include "wallet/ledger/books.hpp"

namespace archy::wallet {

// One line for each thing that cannot be; empty: all is well. Cost: a few curve operations for each
// unspent proof. Errors: what keeps the rows from being read.
Result<std::vector<std::string>> check_rows(Books& books);

// A part of it. Errors: corrupt: why it cannot be gone on with as it stands there.
Result<> check_operation(Books& books, const Operation& operation);
// Another: unspent proofs that the mint cannot have signed, by their Ys.
Result<std::vector<crypto::Point>> untrue_proofs(Books& books, MintId mint);

// What reading the rows failed with, as corrupt; the disk's own errors stay what they are.
Error as_damage(Error error);

// The ledger's sum against the proofs, mint by mint: one line for each that does not add up.
Result<std::vector<std::string>> audit(Books& books);

}  // namespace archy::wallet
