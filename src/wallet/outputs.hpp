// The outputs of a request: which amounts, in which keyset, with whose secrets.
#pragma once

#include "cashu/spending_condition.hpp"
#include "wallet/ledger/books.hpp"

namespace archy::wallet {

struct OutputPlan {
  cashu::Amount keep = {};
  cashu::Amount apart = {};  // kept too, in proofs that make up exactly this
  cashu::Amount give = {};   // goes into a token
  // What the given part is locked to; each proof gets a nonce of its own.
  std::optional<cashu::SpendingCondition> lock = std::nullopt;
};

// Amounts that the keyset has keys for, as few as there can be. Errors: unsupported: they do not
// add up to it, or would be more than mints take in one request.
Result<std::vector<cashu::Amount>> split_for(const cashu::Keyset& keyset, cashu::Amount amount);

// Ascending by amount, with counters that are taken for ever. Requires: within the transaction that
// stores the request. Errors: as split_for and MintBook::take_counters.
Result<std::vector<PlannedOutput>> plan_outputs(Books& books, const cashu::Keyset& keyset,
                                                const OutputPlan& plan);
// Blank outputs for the change of a melt.
Result<std::vector<PlannedOutput>> plan_blanks(Books& books, const cashu::Keyset& keyset,
                                               std::size_t count);
// The same sums once more, with new secrets in this keyset: for a request that will never be
// executed.
Result<OutputPlan> plan_again(std::span<const PlannedOutput> outputs);

// The proof of a signature on this output. A mint may sign in another keyset than it was asked for:
// then the output's counter does not lead to the secret, which is kept itself.
NewProof new_proof(const PlannedOutput& output, cashu::CheckedProof proof);

std::vector<cashu::BlindedMessage> messages_of(std::span<const PlannedOutput> outputs);
std::vector<cashu::PreparedOutput> prepared_of(std::span<const PlannedOutput> outputs);

}  // namespace archy::wallet
