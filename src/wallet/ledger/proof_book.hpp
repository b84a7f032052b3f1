// The ecash that the wallet has or had, one row a proof. Nothing gets in but checked proofs, and
// every change names the operation that makes it. A sum here is exact: it is money.
//
//   spendable --take--> reserved --spend--> spent
//       ^                  |  \--hand out--> given --(the mint says spent)--> spent
//       '----release-------'                   '--(swapped back: spent)--> spent
//   quarantined: the mint does not take it, or it could never be checked; counts as nothing
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "cashu/checked_proof.hpp"
#include "cashu/derivation.hpp"
#include "crypto/seal.hpp"
#include "rt/random.hpp"
#include "wallet/ledger/operation.hpp"

namespace archy::wallet {

enum class ProofState : unsigned char {
  spendable = 0,
  reserved = 1,
  given = 2,
  spent = 3,
  quarantined = 4
};

// How many spendable proofs of one keyset there are of each amount.
using Holdings = std::map<cashu::Amount, std::uint64_t>;

// Where a proof's secret comes from: a counter, or (a lock, somebody else's token) itself.
struct NewProof {
  cashu::CheckedProof proof;
  std::optional<std::uint64_t> counter;
  bool give = false;  // handed out at once: it is part of a token
};

// Thread and lifetime: as WalletDb's. Every change is within a transaction of the caller's.
class ProofBook {
 public:
  // `key` opens and seals the secrets that no counter gives. Lifetime: all outlive the book.
  ProofBook(WalletDb& db, const crypto::SealKey& key, cashu::Derivation& derivation,
            rt::Random& random)
      : db_(db.connection()), key_(key), derivation_(derivation), random_(random) {}

  // Errors: denied: a proof that is or was here already (in any state): nothing of them is put in.
  Result<> put(OperationId by, std::span<const NewProof> proofs);
  // Leaves out those that are or were here already; how many were new.
  Result<std::size_t> put_missing(OperationId by, std::span<const NewProof> proofs);

  Result<Holdings> holdings(const cashu::KeysetId& keyset);
  Result<cashu::Amount> balance(MintId mint, std::string_view unit, ProofState state);

  // Reserves `count` spendable proofs of this amount, the oldest first, and gives them with their
  // secrets. Errors: payment_needed: there are not that many.
  Result<std::vector<cashu::Proof>> take(OperationId by, const cashu::KeysetId& keyset,
                                         cashu::Amount amount, std::uint64_t count);
  // Those that an operation holds in this state, ascending by amount.
  Result<std::vector<cashu::Proof>> held(OperationId by, ProofState state);
  // Those of them become this. Errors: internal: out of spent.
  Result<> settle(OperationId by, ProofState from, ProofState to);
  // Reserves for `by` what `giver` handed out, to swap it back. How many there are.
  Result<std::size_t> take_back(OperationId giver, OperationId by);
  // They are the giver's token once more.
  Result<> give_back(OperationId by, OperationId giver);
  // As it stands there, in whatever state.
  Result<std::optional<cashu::Proof>> find(const crypto::Point& y);
  // What is not spent, reserved ones too. By their Ys.
  Result<std::vector<crypto::Point>> kept(MintId mint);
  // What may be spent or was given away, and is not known to be spent. By their Ys.
  Result<std::vector<crypto::Point>> unspent(MintId mint);
  // The mint says that these are spent, whoever did it. Their sum, as far as they were not yet.
  // What another operation has reserved is left to that one: it may be who spent it.
  Result<cashu::Amount> mark_spent(OperationId by, std::span<const crypto::Point> ys);

 private:
  Result<cashu::Proof> read(const db::Query& query);
  // Whether it was new.
  Result<bool> put_one(OperationId by, const NewProof& proof);

  db::Connection& db_;
  const crypto::SealKey& key_;
  cashu::Derivation& derivation_;
  rt::Random& random_;
};

}  // namespace archy::wallet
