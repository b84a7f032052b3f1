// What every request's inputs and outputs have to be, and the errors for what they are not.
#include <nlohmann/json.hpp>
#include <set>

#include "base/checked.hpp"
#include "cashu/dhke.hpp"
#include "cashu/json.hpp"
#include "cashu/spending_condition.hpp"
#include "testmint/mint.hpp"

namespace archy::testmint {
namespace {

constexpr std::size_t kSecretBytes = 1024;

std::unexpected<Refusal> malformed(const Error& error) { return fail(Refusal(422, error.detail)); }

Result<const Json*> list_of(const Json& body, std::string_view name) {
  TRY(list, cashu::object_member(body, name));
  if (!list->is_array()) return fail(Code::bad_input, std::string(name) + ": not a list");
  return list;
}

Result<cashu::Proof> read_proof(const Json& json) {
  TRY(amount, cashu::number_member(json, "amount"));
  TRY(id_text, cashu::string_member(json, "id"));
  TRY(id, cashu::KeysetId::parse(id_text));
  TRY(secret, cashu::string_member(json, "secret"));
  TRY(c_text, cashu::string_member(json, "C"));
  TRY(c, crypto::Point::parse_hex(c_text));
  cashu::Proof out{cashu::Amount(amount), id, cashu::ProofSecret(std::move(secret)), c};
  if (const Json* witness = cashu::optional_member(json, "witness")) {
    TRY(text, cashu::string_of(*witness, "witness"));
    out.witness = std::move(text);
  }
  return out;
}

Result<cashu::BlindedMessage> read_output(const Json& json) {
  TRY(amount, cashu::number_member(json, "amount"));
  TRY(id_text, cashu::string_member(json, "id"));
  TRY(id, cashu::KeysetId::parse(id_text));
  TRY(b_text, cashu::string_member(json, "B_"));
  TRY(b, crypto::Point::parse_hex(b_text));
  return cashu::BlindedMessage{cashu::Amount(amount), id, b};
}

}  // namespace

Answer<Mint::Inputs> Mint::read_inputs(const Call& call) {
  auto list = list_of(call.body, "inputs");
  if (!list) return malformed(list.error());
  if ((*list)->empty()) return fail(Refusal(422, "inputs: none"));
  if ((*list)->size() > options_.max_inputs)
    return fail(Refusal(nut::kTooManyInputs, "too many inputs"));
  Inputs out;
  std::vector<std::uint64_t> fees;
  std::set<crypto::CompressedPoint> seen;
  for (const Json& each : **list) {
    for (const char* leak : {"dleq", "p2pk_e"}) {
      if (each.contains(leak))
        TRY_OK(book_->remark(std::string("an input was sent with its ") + leak, call.now_ms));
    }
    auto proof = read_proof(each);
    if (!proof) return malformed(proof.error());
    if (proof->secret.reveal().size() > kSecretBytes)
      return fail(Refusal(422, "secret: longer than 1024 bytes"));
    const auto y = cashu::hash_to_curve(as_bytes(proof->secret.reveal()));
    if (!seen.insert(y.compressed()).second)
      return fail(Refusal(nut::kInputTwice, "the same input twice"));
    const Keyset* keyset = find(proof->keyset);
    if (keyset == nullptr) return fail(Refusal(nut::kKeysetUnknown, "no such keyset"));
    if (is_expired(*keyset, call.now_s()))
      return fail(Refusal(nut::kKeysetExpired, "the keyset has expired"));
    if (!keyset->signing.has_signed(*proof))
      return fail(Refusal(nut::kBadProof, "a proof does not verify"));
    fees.push_back(keyset->row.plan.input_fee_ppk);
    const auto sum = checked_add(out.sum, proof->amount.value());
    if (!sum) return fail(Refusal(nut::kUnbalanced, "a sum beyond 64 bits"));
    out.sum = *sum;
    out.ys.push_back(y);
    out.proofs.push_back(std::move(*proof));
  }
  auto fee = cashu::input_fee(fees);
  if (!fee) return fail(Refusal(nut::kUnbalanced, fee.error().detail));
  out.fee = fee->value();
  return out;
}

Answer<Mint::Outputs> Mint::read_outputs(const Call& call) {
  auto list = list_of(call.body, "outputs");
  if (!list) return malformed(list.error());
  if ((*list)->size() > options_.max_outputs)
    return fail(Refusal(nut::kTooManyOutputs, "too many outputs"));
  Outputs out;
  for (const Json& each : **list) {
    auto output = read_output(each);
    if (!output) return malformed(output.error());
    out.push_back(std::move(*output));
  }
  return out;
}

// Whether they can be spent now.
Answer<> Mint::check_inputs(const Inputs& inputs) {
  for (const auto& y : inputs.ys) {
    TRY(spend, book_->spend_of(y));
    if (spend.state == cashu::SpendState::spent)
      return fail(Refusal(nut::kSpent, "Token already spent."));
    if (spend.state == cashu::SpendState::pending)
      return fail(Refusal(nut::kInputsPending, "proofs are pending"));
  }
  return {};
}

Answer<> Mint::check_outputs(const Outputs& outputs, const Call& call, bool blank) {
  std::set<crypto::CompressedPoint> seen;
  for (const auto& output : outputs) {
    if (!seen.insert(output.b.compressed()).second)
      return fail(Refusal(nut::kOutputTwice, "the same output twice"));
    const Keyset* keyset = find(output.keyset);
    if (keyset == nullptr) return fail(Refusal(nut::kKeysetUnknown, "no such keyset"));
    if (is_expired(*keyset, call.now_s()))
      return fail(Refusal(nut::kKeysetExpired, "the keyset has expired"));
    if (!keyset->row.active) return fail(Refusal(nut::kKeysetInactive, "keyset is inactive"));
    if (!blank && !keyset->signing.has(output.amount))
      return fail(Refusal(nut::kOutsideLimits, "no key for this amount"));
  }
  return {};
}

Answer<> Mint::check_unsigned(const Outputs& outputs) {
  for (const auto& output : outputs) {
    TRY(signature, book_->issued_on(output.b));
    if (signature) return fail(Refusal(nut::kSigned, "outputs have already been signed before."));
    TRY(open, book_->is_open_blank(output.b));
    if (open) return fail(Refusal(nut::kOutputsPending, "outputs are pending"));
  }
  return {};
}

// Requires: the outputs were checked; in a transaction.
Answer<std::vector<cashu::BlindSignature>> Mint::sign(std::int64_t operation,
                                                      const Outputs& outputs) {
  std::vector<cashu::BlindSignature> out;
  for (const auto& output : outputs) {
    out.push_back(find(output.keyset)->signing.sign(output.b, output.amount));
    TRY_OK(book_->put_issued(operation, out.size() - 1, output.b, out.back()));
  }
  return out;
}

}  // namespace archy::testmint
