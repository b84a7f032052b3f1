// Questions to a mint that move nothing: has it signed these outputs (NUT-09), are these proofs
// spent (NUT-07). And the one round of them that tells what became of a request.
//
// A round goes on only while it does not know (rule: replay, restore, state check):
//
//   send the stored bytes  signatures, and they are good           -> signed
//     |                    refused for good, never sent before     -> refused, and why
//     v
//   restore the outputs, and ask whether the inputs are spent (a claim: whether the quote is
//   issued)
//     signed, and spent                                            -> signed
//     signed, and not spent: signed for another request            -> counter behind
//     not signed, and spent, and still not signed                  -> the inputs are gone
//     spent, and a mint that cannot restore, but repeats its
//     answers (NUT-19), has refused the same bytes                 -> the inputs are gone
//     not signed, not spent, refused for good                      -> refused, and why
//     not signed, not spent, else                                  -> waiting (the bytes again),
//                                                                     as untouched
//     pending                                                      -> waiting
//     some are signed, or badly                                    -> contradiction
//
// "Spent already" and "signed already" are no refusals for good, not even of a first sending: what
// carries it may have carried it twice.
//
// The same bytes can be executed once at most, so sending them again is safe at any time, and it is
// what ends the question: afterwards they were executed, or cannot be.
#pragma once

#include <functional>

#include "wallet/known_mint.hpp"

namespace archy::wallet {

enum class Fate : unsigned char {
  signed_,         // `proofs`, one for each output, in their order
  refused,         // nothing was done, and nothing will be for these bytes
  inputs_gone,     // so too: the inputs were spent by somebody else
  bad_proofs,      // so too: the mint does not take the inputs as its own
  counter_behind,  // so too: outputs with these secrets were signed before
  retired_keyset,  // so too: the outputs' keyset signs no more
  waiting,         // not known, or not yet
  never_left,      // no byte was ever sent
  contradiction,   // what the mint says cannot be true together: `why` is the evidence
};

struct Findings {
  Fate fate = Fate::waiting;
  std::vector<cashu::CheckedProof> proofs;
  std::string why;
  bool untouched = false;  // waiting, and the mint says: neither signed nor spent
};

// What a state question would tell of the request beside its outputs: nothing was done, it was
// done, or not to be told now. For a swap the states of its inputs, for a claim its quote.
enum class Witnessed : unsigned char { not_done, done, unclear };
using AskWitness = std::function<rt::Task<Witnessed>(std::stop_token)>;

// One round. Errors: the book's own (disk): nothing is known then.
rt::Task<Findings> find_out(KnownMint& mint, Books& books, StoredRequest& request,
                            rt::Duration patience, AskWitness ask, std::stop_token stop);

struct Restored {
  std::vector<std::optional<cashu::BlindSignature>> signatures;  // of each output
  std::size_t count = 0;
};
// Errors: as MintClient::post; unsupported: the mint does not have NUT-09.
rt::Task<Restored> restore_outputs(KnownMint& mint, std::vector<cashu::BlindedMessage> outputs,
                                   std::stop_token stop);

// Of each proof, in order. Errors: as MintClient::post.
rt::Task<std::vector<cashu::SpendState>> ask_states(KnownMint& mint, std::vector<crypto::Point> ys,
                                                    std::stop_token stop);
Witnessed judge_states(std::span<const cashu::SpendState> states);

// Whether any request of the operation may still be executed, the latest or one before it: a copy
// of it was sent and not answered. Nothing it spends is free then, unless a fence has taken it.
Result<bool> may_be_under_way(Books& books, const Operation& operation);

// Whether the keysets of its outputs are active and have not ended, as far as is known.
bool signs_still(const KnownMint& mint, const StoredRequest& request);

std::vector<crypto::Point> ys_of(std::span<const cashu::Proof> proofs);

}  // namespace archy::wallet
