// NUT-03, 07, 09, and what signatures look like.
#include <nlohmann/json.hpp>

#include "base/checked.hpp"
#include "base/hex.hpp"
#include "cashu/json.hpp"
#include "cashu/spending_condition.hpp"
#include "testmint/mint.hpp"

namespace archy::testmint {
namespace {

Json signatures_json(std::span<const cashu::BlindSignature> signatures, bool with_dleq) {
  Json out = Json::array();
  for (const auto& each : signatures) out.push_back(signature_json(each, with_dleq));
  return out;
}

Answer<std::uint64_t> sum_of(std::span<const cashu::BlindedMessage> outputs) {
  std::uint64_t out = 0;
  for (const auto& output : outputs) {
    const auto sum = checked_add(out, output.amount.value());
    if (!sum) return fail(Refusal(nut::kUnbalanced, "a sum beyond 64 bits"));
    out = *sum;
  }
  return out;
}

}  // namespace

Json signature_json(const cashu::BlindSignature& signature, bool with_dleq) {
  Json out{{"amount", signature.amount.value()},
           {"id", signature.keyset.text()},
           {"C_", signature.c.hex()}};
  if (with_dleq && signature.dleq)
    out["dleq"] = {{"e", to_hex(signature.dleq->e)}, {"s", to_hex(signature.dleq->s)}};
  return out;
}

Answer<Json> Mint::swap(const Call& call) {
  TRY(outputs, read_outputs(call));
  TRY(transaction, book_->begin());
  TRY(inputs, read_inputs(call));
  if (outputs.empty()) return fail(Refusal(422, "outputs: none"));
  if (options_.keysets_first) TRY_OK(check_outputs(outputs, call, false));
  if (options_.outputs_first) TRY_OK(check_unsigned(outputs));
  TRY_OK(check_inputs(inputs));
  TRY_OK(check_outputs(outputs, call, false));
  TRY_OK(check_unsigned(outputs));
  TRY(sum, sum_of(outputs));
  if (inputs.sum < inputs.fee || sum != inputs.sum - inputs.fee)
    return fail(Refusal(nut::kUnbalanced, "inputs less fees are not the outputs"));
  if (has(11)) {
    if (auto open = cashu::check_request(inputs.proofs, outputs, {}, call.now_s()); !open)
      return fail(Refusal(nut::kBadProof, open.error().detail));
  }
  TRY(operation,
      book_->put(OperationRow{OperationKind::swap, {}, inputs.sum, sum, inputs.fee, call.now_ms}));
  for (std::size_t i = 0; i < inputs.ys.size(); ++i)
    TRY_OK(book_->hold(operation, inputs.ys[i], inputs.proofs[i], cashu::SpendState::spent));
  TRY(signatures, sign(operation, outputs));
  TRY_OK(transaction.commit());
  return Json{{"signatures", signatures_json(signatures, has(12))}};
}

Answer<Json> Mint::check_state(const Call& call) {
  auto list = cashu::object_member(call.body, "Ys");
  if (!list || !(*list)->is_array()) return fail(Refusal(422, "Ys: not a list"));
  if ((*list)->size() > options_.max_inputs)
    return fail(Refusal(nut::kTooManyInputs, "too many proofs"));
  static constexpr const char* kStates[] = {"UNSPENT", "PENDING", "SPENT"};
  Json states = Json::array();
  for (const Json& each : **list) {
    auto text = cashu::string_of(each, "Ys");
    if (!text) return fail(Refusal(422, text.error().detail));
    auto y = crypto::Point::parse_hex(*text);
    if (!y) return fail(Refusal(422, y.error().detail));
    TRY(spend, book_->spend_of(*y));
    states.push_back({{"Y", *text},
                      {"state", kStates[static_cast<int>(spend.state)]},
                      {"witness", spend.witness ? Json(*spend.witness) : Json(nullptr)}});
  }
  return Json{{"states", std::move(states)}};
}

Answer<Json> Mint::restore(const Call& call) {
  TRY(outputs, read_outputs(call));
  Json found = Json::array();
  Json signatures = Json::array();
  for (const auto& output : outputs) {
    TRY(signature, book_->issued_on(output.b));
    if (!signature) continue;
    found.push_back(
        {{"amount", output.amount.value()}, {"id", output.keyset.text()}, {"B_", output.b.hex()}});
    signatures.push_back(signature_json(*signature, has(12)));
  }
  return Json{{"outputs", std::move(found)}, {"signatures", std::move(signatures)}};
}

}  // namespace archy::testmint
