#include "wallet/ledger/journal.hpp"

#include "base/check.hpp"
#include "base/test_hooks.hpp"
#include "crypto/sha256.hpp"

namespace archy::wallet {
namespace {

std::string place_of(std::string_view what, OperationId operation) {
  return std::string(what) + " " + std::to_string(operation.value());
}
std::string place_of(RequestId request, std::size_t position) {
  return "output " + std::to_string(request.value()) + "/" + std::to_string(position);
}

}  // namespace

std::string_view to_string(RequestState state) {
  switch (state) {
    case RequestState::armed:
      return "armed";
    case RequestState::sent:
      return "sent";
    case RequestState::settled:
      return "settled";
    case RequestState::released:
      return "released";
    case RequestState::refused:
      return "refused";
  }
  return "unknown";
}

Result<StoredRequest> Journal::store(db::Transaction transaction, Draft draft,
                                     std::int64_t now_ms) {
  std::vector<Draft> drafts;
  drafts.push_back(std::move(draft));
  TRY(stored, store_all(std::move(transaction), std::move(drafts), now_ms));
  return std::move(stored.front());
}

Result<std::vector<StoredRequest>> Journal::store_all(db::Transaction transaction,
                                                      std::vector<Draft> drafts,
                                                      std::int64_t now_ms) {
  std::vector<RequestId> ids;
  for (const Draft& draft : drafts) {
    TRY(id, put_request(draft, now_ms));
    ids.push_back(id);
  }
  if (on_storing_) TRY_OK(on_storing_());
  TRY_OK(transaction.commit());
  CHECK(!db_.connection().in_transaction());  // an outer one could still take the rows back
  if (on_stored_) on_stored_();
  std::vector<StoredRequest> out;
  for (std::size_t i = 0; i < drafts.size(); ++i)
    out.push_back(StoredRequest(ids[i], std::move(drafts[i]), RequestState::armed, now_ms));
  return out;
}

Result<RequestId> Journal::put_request(const Draft& draft, std::int64_t now_ms) {
  auto& db = db_.connection();
  const ByteView body = as_bytes(draft.body.reveal());
  crypto::SealNonce nonce;
  random_.fill(nonce);
  const Bytes sealed = crypto::seal(key_, nonce, body, place_of("body of", draft.operation));
  TRY_OK(
      db.run("INSERT INTO requests (operation, path, body, body_sha256, state, created_ms) "
             "VALUES (?, ?, ?, ?, ?, ?)",
             draft.operation.value(), std::string_view(draft.path), ByteView(sealed),
             crypto::sha256(body), RequestState::armed, now_ms));
  const RequestId id(db.last_insert_id());
  for (std::size_t i = 0; i < draft.outputs.size(); ++i)
    TRY_OK(put_output(id, i, draft.outputs[i]));
  return id;
}

Result<> Journal::put_output(RequestId request, std::size_t position,
                             const PlannedOutput& planned) {
  const cashu::BlindedMessage& message = planned.output.message;
  const cashu::BlindingFactors& factors = planned.output.factors;
  std::optional<Bytes> sealed;
  if (!planned.counter) {
    Bytes plain(factors.r.reveal().begin(), factors.r.reveal().end());
    append(plain, as_bytes(factors.secret.reveal()));
    const Secret<Bytes> wiped(std::move(plain));
    crypto::SealNonce nonce;
    random_.fill(nonce);
    sealed = crypto::seal(key_, nonce, wiped.reveal(), place_of(request, position));
  }
  return db_.connection().run(
      "INSERT INTO outputs (request, position, keyset, amount, counter, sealed, give) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      request.value(), position, std::string_view(message.keyset.text()),
      static_cast<std::int64_t>(message.amount.value()), planned.counter, sealed, planned.give);
}

Result<> Journal::mark_sent(StoredRequest& request) {
  auto& db = db_.connection();
  const bool planted = test_hooks::planted("wallet_sent_mark_later");
  TRY(transaction, db_.begin(planted ? db::Durable::with_the_next : db::Durable::now));
  TRY_OK(
      db.run("UPDATE requests SET state = ?, sendings = sendings + 1 "
             "WHERE id = ? AND state IN (?, ?)",
             RequestState::sent, request.id().value(), RequestState::armed, RequestState::sent));
  if (db.changes() != 1) return fail(Code::denied, "the request is no longer there to be sent");
  TRY_OK(transaction.commit());
  request.state_ = RequestState::sent;
  ++request.sendings_;
  return {};
}

Result<> Journal::note_answer(StoredRequest& request) {
  TRY(transaction, db_.begin(db::Durable::with_the_next));
  TRY_OK(db_.connection().run("UPDATE requests SET answers = answers + 1 WHERE id = ?",
                              request.id().value()));
  TRY_OK(transaction.commit());
  ++request.answers_;
  return {};
}

Result<> Journal::finish(const StoredRequest& request, RequestState state) {
  auto& db = db_.connection();
  TRY_OK(db.run("UPDATE requests SET state = ? WHERE id = ? AND state = ?", state,
                request.id().value(), request.state()));
  if (db.changes() != 1) return fail(Code::denied, "somebody else has booked the request");
  return {};
}

Result<> Journal::settle(const StoredRequest& request) {
  return finish(request, RequestState::settled);
}

Result<> Journal::refuse(const StoredRequest& request) {
  return finish(request, RequestState::refused);
}

Result<> Journal::give_up(const StoredRequest& request) {
  return request.state() == RequestState::armed ? release(request) : refuse(request);
}

Result<> Journal::release(const StoredRequest& request) {
  auto& db = db_.connection();
  TRY_OK(db.run("UPDATE requests SET state = ? WHERE id = ? AND state = ?", RequestState::released,
                request.id().value(), RequestState::armed));
  if (db.changes() != 1) return fail(Code::denied, "the request may have been sent");
  return {};
}

Result<std::set<std::uint64_t>> Journal::counters_under_way(const CounterRange& range) {
  TRY(query, db_.connection().query(
                 "SELECT o.counter FROM outputs o JOIN requests r ON r.id = o.request "
                 "JOIN operations p ON p.id = r.operation WHERE o.keyset = ? "
                 "AND o.counter >= ? AND o.counter < ? AND p.state IN (0, 3)",
                 std::string_view(range.keyset.text()), range.first, range.first + range.count));
  std::set<std::uint64_t> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.insert(static_cast<std::uint64_t>(query.integer(0)));
  }
}

Result<bool> Journal::has_unanswered(OperationId operation) {
  TRY(query,
      db_.connection().query("SELECT 1 FROM requests WHERE operation = ? AND sendings > "
                             "answers AND state NOT IN (?, ?) LIMIT 1",
                             operation.value(), RequestState::settled, RequestState::released));
  return query.step();
}

Result<std::vector<StoredRequest>> Journal::requests_of(OperationId operation) {
  TRY(query, db_.connection().query("SELECT id, path, body, body_sha256, state, sendings, answers, "
                                    "created_ms FROM requests WHERE operation = ? ORDER BY id",
                                    operation.value()));
  std::vector<StoredRequest> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    const RequestId id(query.integer(0));
    TRY(opened, crypto::open_sealed(key_, query.blob(2), place_of("body of", operation)));
    if (query.bytes32<Sha256Digest>(3) != crypto::sha256(opened.reveal()))
      return fail(Code::corrupt, "wallet.db: a request that is not what was stored");
    TRY(outputs, outputs_of(id));
    Draft draft{operation, std::string(query.text(1)),
                cashu::SpendingBody(std::string(as_text(opened.reveal()))), std::move(outputs)};
    StoredRequest request(id, std::move(draft), static_cast<RequestState>(query.integer(4)),
                          query.integer(7));
    request.sendings_ = query.integer(5);
    request.answers_ = query.integer(6);
    out.push_back(std::move(request));
  }
}

Result<std::vector<PlannedOutput>> Journal::outputs_of(RequestId request) {
  TRY(query, db_.connection().query("SELECT keyset, amount, counter, sealed, give FROM outputs "
                                    "WHERE request = ? ORDER BY position",
                                    request.value()));
  std::vector<PlannedOutput> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(keyset, cashu::KeysetId::parse(query.text(0)));
    const cashu::Amount amount(static_cast<std::uint64_t>(query.integer(1)));
    std::optional<std::uint64_t> counter;
    std::optional<cashu::BlindingFactors> factors;
    if (query.is_null(2)) {
      TRY(opened, crypto::open_sealed(key_, query.blob(3), place_of(request, out.size())));
      const ByteView plain = opened.reveal();
      if (plain.size() < 32) return fail(Code::corrupt, "wallet.db: an output without a secret");
      TRY(r, crypto::Scalar::parse(plain.first(32)));
      factors =
          cashu::BlindingFactors{cashu::ProofSecret(std::string(as_text(plain.subspan(32)))), r};
    } else {
      counter = static_cast<std::uint64_t>(query.integer(2));
      TRY(derived, derivation_.derive(keyset, *counter));
      factors = std::move(derived);
    }
    TRY(output, cashu::prepare_output(amount, keyset, std::move(*factors)));
    out.push_back({std::move(output), counter, query.integer(4) != 0});
  }
}

}  // namespace archy::wallet
