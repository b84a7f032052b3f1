// What the wallet is about to ask of a mint, is asking, or has asked. The row comes first: a
// request that could move money exists as a StoredRequest alone, the journal alone makes one, and
// only when its row has been committed together with all that the row stands for (reserved inputs,
// taken counters). Whoever sends takes a StoredRequest and nothing else, so that nothing else can
// be sent.
//
//   armed --(before the first byte)--> sent --(an answer was booked)--> settled
//     |                                  '--(it cannot be executed any more)--> refused
//     '--(never sent)--> released
//
// A released one was never on its way; of a sent one nobody can say that. Sendings and answers are
// counted: while there are fewer answers, a copy may still be on its way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cashu/mint_requests.hpp"
#include "wallet/ledger/operation.hpp"
#include "wallet/ledger/proof_book.hpp"

namespace archy::wallet {

using RequestId = Strong<struct RequestIdTag, std::int64_t>;

// An output of a request, and where its secret comes from: a counter, or (a lock) itself.
struct PlannedOutput {
  cashu::PreparedOutput output;
  std::optional<std::uint64_t> counter;
  bool give = false;  // for somebody else: it becomes part of a token
};

struct Draft {
  OperationId operation;
  std::string path;  // "/v1/swap"
  cashu::SpendingBody body;
  std::vector<PlannedOutput> outputs;  // as in the body, in its order
};

enum class RequestState : unsigned char {
  armed = 0,
  sent = 1,
  settled = 2,
  released = 3,
  refused = 4
};
// Shape: the snake_case name, as listings show it.
std::string_view to_string(RequestState state);

class StoredRequest {
 public:
  RequestId id() const { return id_; }
  OperationId operation() const { return operation_; }
  const std::string& path() const { return path_; }
  // The bytes of the row, to the last.
  const cashu::SpendingBody& body() const { return body_; }
  const std::vector<PlannedOutput>& outputs() const { return outputs_; }
  RequestState state() const { return state_; }
  std::int64_t created_ms() const { return created_ms_; }
  // Whether any of its bytes may ever have left.
  bool was_sent() const { return sendings_ > 0; }
  std::int64_t sendings() const { return sendings_; }
  // Whether a copy may still be on its way: one was sent and nothing came back.
  bool is_unanswered() const { return sendings_ > answers_; }

 private:
  friend class Journal;
  StoredRequest(RequestId id, Draft draft, RequestState state, std::int64_t created_ms)
      : id_(id),
        operation_(draft.operation),
        path_(std::move(draft.path)),
        body_(std::move(draft.body)),
        outputs_(std::move(draft.outputs)),
        state_(state),
        created_ms_(created_ms) {}

  RequestId id_;
  OperationId operation_;
  std::string path_;
  cashu::SpendingBody body_;
  std::vector<PlannedOutput> outputs_;
  RequestState state_;
  std::int64_t created_ms_;
  std::int64_t sendings_ = 0;
  std::int64_t answers_ = 0;
};

// Thread and lifetime: as WalletDb's.
class Journal {
 public:
  Journal(WalletDb& db, const crypto::SealKey& key, cashu::Derivation& derivation,
          rt::Random& random)
      : db_(db), key_(key), derivation_(derivation), random_(random) {}

  // Called within the transaction that stores a request.
  void on_storing(std::function<Result<>()> hook) { on_storing_ = std::move(hook); }
  // Called when a request has been stored, before any byte of it leaves.
  void on_stored(std::function<void()> hook) { on_stored_ = std::move(hook); }
  // Writes the request's row and commits `transaction`, in which the caller has reserved inputs and
  // taken counters. Errors: as the disk has them; then nothing of the transaction holds, and there
  // is no request.
  Result<StoredRequest> store(db::Transaction transaction, Draft draft, std::int64_t now_ms);
  // Several, each of an operation of its own, that must be there together or not at all.
  Result<std::vector<StoredRequest>> store_all(db::Transaction transaction,
                                               std::vector<Draft> drafts, std::int64_t now_ms);
  // Durable before it returns. Called before the first byte of each sending leaves.
  Result<> mark_sent(StoredRequest& request);
  // An answer came to the last sending, whatever it says. Durable with what is made of it: without
  // that it is asked for again.
  Result<> note_answer(StoredRequest& request);
  // Within the transaction that books the answer; a refused one may turn out to have been executed.
  // Errors: denied: somebody else has booked it, so that its row is not what the request says.
  Result<> settle(const StoredRequest& request);
  // Within the transaction that undoes it. Requires: it cannot be executed any more. Errors: as
  // settle.
  Result<> refuse(const StoredRequest& request);
  // Errors: denied: it may have been sent.
  Result<> release(const StoredRequest& request);
  // Released or refused, as it stands. Requires: as refuse.
  Result<> give_up(const StoredRequest& request);

  // Which of these counters open operations have made outputs with: what becomes of those is for
  // the operation to find out.
  Result<std::set<std::uint64_t>> counters_under_way(const CounterRange& range);
  // Whether one of an operation's requests was sent more often than it was answered, and is neither
  // settled nor released.
  Result<bool> has_unanswered(OperationId operation);
  // All of an operation, oldest first, as they were stored. Errors: corrupt.
  Result<std::vector<StoredRequest>> requests_of(OperationId operation);

 private:
  Result<> finish(const StoredRequest& request, RequestState state);
  Result<RequestId> put_request(const Draft& draft, std::int64_t now_ms);
  Result<> put_output(RequestId request, std::size_t position, const PlannedOutput& planned);
  Result<std::vector<PlannedOutput>> outputs_of(RequestId request);

  WalletDb& db_;
  const crypto::SealKey& key_;
  cashu::Derivation& derivation_;
  rt::Random& random_;
  std::function<Result<>()> on_storing_;
  std::function<void()> on_stored_;
};

}  // namespace archy::wallet
