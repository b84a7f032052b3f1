// Operations as rows, their quotes and secrets, and the ledger: what changed the balance of a mint,
// by how much, and for which operation.
//
// One owner at a time: an Operation is a copy of its row with the row's version. A change writes
// only where the version is still that one and counts it up, so of two that go on with the same
// operation the second changes nothing and is told.
#pragma once

#include <span>
#include <vector>

#include "crypto/point.hpp"
#include "crypto/seal.hpp"
#include "rt/random.hpp"
#include "wallet/ledger/operation.hpp"

namespace archy::wallet {

struct NewOperation {
  OperationKind kind = OperationKind::swap;
  MintId mint = {};
  cashu::Amount amount = {};
  std::optional<OperationId> takes_back = std::nullopt;
  std::optional<OperationId> part_of = std::nullopt;
  std::optional<std::string> memo = std::nullopt;
  // The caller's own name for it, and what it was asked with (digest of it): the same name with
  // another request is refused. Shape: 1 to 128 characters.
  std::optional<std::string> idempotency_key = std::nullopt;
  std::optional<Sha256Digest> request = std::nullopt;
};

struct LedgerEntry {
  OperationId operation;
  MintId mint;
  std::int64_t change = 0;  // of all ecash that is not spent, handed out or not
  cashu::Amount fee = {};   // the part of it that the mint kept
  std::int64_t at_ms = 0;
};

// Thread and lifetime: as WalletDb's. What writes: within a transaction of the caller's where more
// than this must hold together.
class OperationBook {
 public:
  OperationBook(WalletDb& db, const crypto::SealKey& key, rt::Random& random)
      : db_(db.connection()), key_(key), random_(random) {}

  // Errors: denied: an operation with this key was begun before.
  Result<Operation> begin(const NewOperation& operation, std::int64_t now_ms);
  // State, stage, amount, fee and note. Errors: denied: somebody else has gone on with it.
  Result<> update(Operation& operation, std::int64_t now_ms);

  Result<std::optional<Operation>> find(OperationId id);
  // The one begun with this key. Errors: denied: it was begun for another request.
  Result<std::optional<Operation>> find(std::string_view idempotency_key,
                                        const Sha256Digest& request);
  // The one begun with this key, for whatever.
  Result<std::optional<Operation>> named(std::string_view idempotency_key);
  // Those that serve a cross swap, or did, oldest first.
  Result<std::vector<Operation>> parts_of(OperationId cross);
  // Those that are not at an end, oldest first.
  Result<std::vector<Operation>> open();
  // What those hold that were begun up to this one, at a mint.
  Result<cashu::Amount> undecided_sum(MintId mint, OperationId up_to);
  // What open claims and tokens may still bring to a mint, other than this operation and the parts
  // of swaps between mints.
  Result<cashu::Amount> coming_sum(MintId mint, std::optional<OperationId> except);
  // The last ones, newest first; before: only older ones than this.
  Result<std::vector<Operation>> history(std::uint64_t limit,
                                         std::optional<OperationId> before = std::nullopt);
  // Sends whose token nobody has redeemed yet, as far as is known.
  Result<std::vector<Operation>> handed();

  Result<> put_quote(OperationId operation, const Quote& quote);
  Result<> set_preimage(OperationId operation, std::string_view preimage);
  Result<std::optional<Quote>> quote(OperationId operation);
  // Takes the next number that a quote's key follows from.
  Result<std::uint64_t> take_key_index();

  // These proofs of a token are received by this operation. Errors: denied: another one has
  // received one of them, or still may.
  Result<> put_received(OperationId operation, std::span<const crypto::Point> ys);

  // A token: the one it made, or the one it was given.
  Result<> keep_token(OperationId operation, const Secret<std::string>& token);
  Result<std::optional<Secret<std::string>>> token(OperationId operation);

  Result<> enter(const LedgerEntry& entry);
  // Errors: corrupt when it does not fit.
  Result<std::int64_t> ledger_sum(MintId mint);

 private:
  Bytes sealed(ByteView plain, std::string_view place);

  db::Connection& db_;
  const crypto::SealKey& key_;
  rt::Random& random_;
};

}  // namespace archy::wallet
