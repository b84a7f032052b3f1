#include "wallet/backup/self_check.hpp"

#include <fmt/format.h>

#include "cashu/bolt11.hpp"
#include "cashu/mint_requests.hpp"
#include "wallet/bodies.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// Rows of one text column, each a complaint.
Result<> complain(Books& books, const char* sql, std::vector<std::string>& out) {
  TRY(query, books.db.connection().query(sql));
  for (;;) {
    TRY(there, query.step());
    if (!there) return {};
    out.emplace_back(query.text(0));
  }
}

// How far it may be ahead nobody can say: a wallet that was restored knows none of what was spent.
constexpr const char* kCounters =
    "SELECT 'the counter of keyset ' || k.id || ' cannot be ' || k.next_counter FROM keysets k, "
    "(SELECT id AS used_id, max(coalesce((SELECT max(counter) FROM outputs WHERE keyset = id), -1),"
    " coalesce((SELECT max(counter) FROM proofs WHERE keyset = id), -1)) AS used FROM keysets) "
    "WHERE k.id = used_id AND k.next_counter <= used";
constexpr const char* kHoldings =
    "SELECT 'the count of ' || amount || ' sat proofs of ' || keyset || ' is wrong' FROM ("
    "SELECT keyset, amount, count FROM holdings WHERE count > 0 EXCEPT "
    "SELECT keyset, amount, count(*) FROM proofs WHERE state = 0 GROUP BY keyset, amount) UNION "
    "SELECT 'the count of ' || amount || ' sat proofs of ' || keyset || ' is missing' FROM ("
    "SELECT keyset, amount, count(*) AS count FROM proofs WHERE state = 0 GROUP BY keyset, amount "
    "EXCEPT SELECT keyset, amount, count FROM holdings)";
constexpr const char* kSendings =
    "SELECT 'request ' || id || ' was sent and was not' FROM requests "
    "WHERE (state = 0 AND sendings > 0) OR (state = 1 AND sendings = 0)";
constexpr const char* kQuoteKeys =
    "SELECT 'the next key of a quote was used before' FROM facts "
    "WHERE name = 'next_quote_key' AND value < (SELECT max(key_index) FROM quotes)";

Result<> check_quote(Books& books, const Operation& operation) {
  TRY(quote, books.operations.quote(operation.id));
  const bool needs = operation.kind == OperationKind::melt ||
                     (operation.kind == OperationKind::mint && operation.stage != Stage::begun);
  if (!quote) {
    if (!needs) return {};
    return fail(Code::corrupt, "its quote is missing");
  }
  auto invoice = cashu::parse_invoice(quote->invoice);
  if (!invoice) return fail(Code::corrupt, "its invoice cannot be read");
  if (operation.kind == OperationKind::mint && invoice->amount_msat != quote->amount.value() * 1000)
    return fail(Code::corrupt, "its invoice is for another amount");
  return {};
}

Result<> check_request(const StoredRequest& request) {
  const bool asks = request.body().reveal().find("\"B_\"") != std::string::npos;
  if (request.outputs().empty() && !asks) return {};
  const std::string asked = cashu::restore_body(messages_of(request.outputs()));
  // "outputs":[..] as it stands in any body.
  const std::string_view outputs = std::string_view(asked).substr(1, asked.size() - 2);
  if (request.body().reveal().find(outputs) == std::string::npos)
    return fail(Code::corrupt, "a request does not ask for its outputs");
  return {};
}

std::string_view path_of(OperationKind kind) {
  if (kind == OperationKind::mint) return kClaimPath;
  return kind == OperationKind::melt ? kMeltPath : kSwapPath;
}

Result<> check_inputs(const StoredRequest& request, std::span<const cashu::Proof> inputs) {
  const std::string& body = request.body().reveal();
  std::size_t count = 0;
  for (auto at = body.find("\"C\":"); at != std::string::npos; at = body.find("\"C\":", at + 1))
    ++count;
  bool same = count == inputs.size();
  for (const cashu::Proof& proof : inputs)
    same = same && body.find(proof.c.hex()) != std::string::npos;
  if (same) return {};
  return fail(Code::corrupt, "a request does not spend what the operation holds");
}

}  // namespace

Result<> check_cross_swap(Books& books, const Operation& operation) {
  TRY(transfer, books.transfers.of(operation.id));
  const bool armed = operation.stage == Stage::requested || operation.stage == Stage::paid;
  for (const auto& id : {transfer.claim, transfer.payment}) {
    if (!id && !armed) continue;
    TRY(part, id ? books.operations.find(*id) : Result<std::optional<Operation>>(std::nullopt));
    if (!part || part->part_of != operation.id)
      return fail(Code::corrupt, "a part of it is missing");
  }
  return {};
}

Result<> check_operation(Books& books, const Operation& operation) {
  if (operation.kind == OperationKind::cross_swap) return check_cross_swap(books, operation);
  TRY_OK(check_quote(books, operation));
  TRY(requests, books.journal.requests_of(operation.id));
  for (const StoredRequest& request : requests) TRY_OK(check_request(request));
  if (!requests.empty() && requests.front().path() != path_of(operation.kind))
    return fail(Code::corrupt, "its request is one of another kind");
  const bool spends = operation.stage == Stage::requested || operation.stage == Stage::fencing ||
                      operation.stage == Stage::accepted;
  if (operation.stage != Stage::accepted && spends && requests.empty())
    return fail(Code::corrupt, "its request is missing");
  if (!spends || operation.kind == OperationKind::mint) return {};
  TRY(inputs, inputs_of(books, operation));
  if (inputs.empty()) return fail(Code::corrupt, "what it spends is missing");
  for (const StoredRequest& request : requests)
    if (request.state() == RequestState::armed || request.state() == RequestState::sent)
      TRY_OK(check_inputs(request, inputs));
  return {};
}

Result<std::vector<crypto::Point>> untrue_proofs(Books& books, MintId mint) {
  TRY(rows, books.mints.keysets(mint));
  cashu::Keysets keysets;
  for (const KeysetRow& row : rows) TRY_OK(keysets.add(row.keyset));
  TRY(ys, books.proofs.kept(mint));
  std::vector<crypto::Point> out;
  for (const crypto::Point& y : ys) {
    const auto proof = books.proofs.find(y);
    if (!proof || !*proof) {
      out.push_back(y);
      continue;
    }
    auto checked = cashu::check_proofs({&**proof, 1}, keysets, cashu::DleqRule::if_present);
    if (!checked || !(checked->front().y() == y)) out.push_back(y);
  }
  return out;
}

Error as_damage(Error error) {
  switch (error.code) {
    case Code::io:
    case Code::no_space:
    case Code::locked:
    case Code::try_later:
      return error;
    default:
      break;
  }
  if (!error.detail.starts_with("wallet.db")) error.detail.insert(0, "wallet.db is damaged: ");
  return {Code::corrupt, std::move(error.detail)};
}

Result<std::vector<std::string>> audit(Books& books) {
  TRY(mints, books.mints.list());
  std::vector<std::string> out;
  for (const MintRow& mint : mints) {
    TRY(ledger, books.operations.ledger_sum(mint.id));
    std::int64_t proofs = 0;
    for (const ProofState state : {ProofState::spendable, ProofState::reserved, ProofState::given,
                                   ProofState::quarantined}) {
      TRY(part, books.proofs.balance(mint.id, "sat", state));
      proofs += static_cast<std::int64_t>(part.value());
    }
    if (ledger != proofs)
      out.push_back(mint.url + ": the ledger says " + std::to_string(ledger) +
                    " sat, the proofs are " + std::to_string(proofs));
  }
  return out;
}

Result<std::vector<std::string>> check_rows(Books& books) {
  TRY(out, audit(books));
  for (const char* sql : {kCounters, kHoldings, kSendings, kQuoteKeys})
    TRY_OK(complain(books, sql, out));
  TRY(mints, books.mints.list());
  for (const MintRow& mint : mints) {
    TRY(untrue, untrue_proofs(books, mint.id));
    if (!untrue.empty())
      out.push_back(fmt::format("{} proofs are not what {} signed", untrue.size(), mint.url));
  }
  TRY(open, books.operations.open());
  for (const Operation& operation : open)
    if (auto checked = check_operation(books, operation); !checked)
      out.push_back(fmt::format("operation {}: {}", operation.id.value(), checked.error().detail));
  return out;
}

}  // namespace archy::wallet
