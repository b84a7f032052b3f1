#include "wallet/outputs.hpp"

#include <algorithm>

#include "base/hex.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// What mints take in one request.
constexpr std::size_t kMostOutputs = 1000;

Result<PlannedOutput> derived_output(Books& books, const cashu::KeysetId& keyset, Amount amount,
                                     std::uint64_t counter) {
  TRY(factors, books.derivation.derive(keyset, counter));
  TRY(output, cashu::prepare_output(amount, keyset, std::move(factors)));
  return PlannedOutput{std::move(output), counter};
}

Result<PlannedOutput> locked_output(const cashu::KeysetId& keyset, Amount amount,
                                    cashu::SpendingCondition lock) {
  lock.nonce = to_hex(crypto::Scalar::random().reveal());
  TRY(output,
      cashu::prepare_output(amount, keyset, {cashu::to_secret(lock), crypto::Scalar::random()}));
  return PlannedOutput{std::move(output), std::nullopt, true};
}

Result<Amount> plus(Amount a, Amount b) {
  const auto out = a.plus(b);
  if (!out) return fail(Code::bad_input, "more ecash than 64 bits hold");
  return *out;
}

}  // namespace

Result<std::vector<Amount>> split_for(const cashu::Keyset& keyset, Amount amount) {
  std::vector<Amount> out;
  std::uint64_t rest = amount.value();
  for (auto key = keyset.keys().rbegin(); key != keyset.keys().rend() && rest > 0; ++key) {
    const std::uint64_t each = key->first.value();
    if (each == 0) continue;
    const std::uint64_t count = rest / each;
    if (out.size() + count > kMostOutputs)
      return fail(Code::unsupported, "too many proofs for one request");
    out.insert(out.end(), count, Amount(each));
    rest -= count * each;
  }
  if (rest > 0) return fail(Code::unsupported, "the mint's keyset has no amounts for this sum");
  std::ranges::reverse(out);
  return out;
}

Result<std::vector<PlannedOutput>> plan_outputs(Books& books, const cashu::Keyset& keyset,
                                                const OutputPlan& plan) {
  TRY(keep, split_for(keyset, plan.keep));
  TRY(apart, split_for(keyset, plan.apart));
  keep.insert(keep.end(), apart.begin(), apart.end());
  TRY(give, split_for(keyset, plan.give));
  const std::size_t derived = keep.size() + (plan.lock ? 0 : give.size());
  TRY(range, books.mints.take_counters(keyset.id(), derived));
  std::uint64_t counter = range.first;
  std::vector<PlannedOutput> out;
  for (const Amount amount : keep) {
    TRY(output, derived_output(books, keyset.id(), amount, counter++));
    out.push_back(std::move(output));
  }
  for (const Amount amount : give) {
    TRY(output, plan.lock ? locked_output(keyset.id(), amount, *plan.lock)
                          : derived_output(books, keyset.id(), amount, counter++));
    output.give = true;
    out.push_back(std::move(output));
  }
  // In this order nothing tells the mint which of them are handed on.
  std::ranges::sort(
      out, {}, [](const PlannedOutput& planned) { return planned.output.message.amount.value(); });
  return out;
}

Result<std::vector<PlannedOutput>> plan_blanks(Books& books, const cashu::Keyset& keyset,
                                               std::size_t count) {
  TRY(range, books.mints.take_counters(keyset.id(), count));
  std::vector<PlannedOutput> out;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(output, derived_output(books, keyset.id(), Amount(0), range.first + i));
    out.push_back(std::move(output));
  }
  return out;
}

Result<OutputPlan> plan_again(std::span<const PlannedOutput> outputs) {
  OutputPlan out;
  for (const PlannedOutput& planned : outputs) {
    Amount& part = planned.give ? out.give : out.keep;
    TRY(sum, plus(part, planned.output.message.amount));
    part = sum;
    if (!planned.counter && !out.lock) {
      TRY(lock, cashu::parse_condition(planned.output.factors.secret.reveal()));
      out.lock = lock;
    }
  }
  return out;
}

NewProof new_proof(const PlannedOutput& output, cashu::CheckedProof proof) {
  const bool leads_there = proof.proof().keyset == output.output.message.keyset;
  const auto counter = leads_there ? output.counter : std::nullopt;
  return {std::move(proof), counter, output.give};
}

std::vector<cashu::BlindedMessage> messages_of(std::span<const PlannedOutput> outputs) {
  std::vector<cashu::BlindedMessage> out;
  for (const PlannedOutput& planned : outputs) out.push_back(planned.output.message);
  return out;
}

std::vector<cashu::PreparedOutput> prepared_of(std::span<const PlannedOutput> outputs) {
  std::vector<cashu::PreparedOutput> out;
  for (const PlannedOutput& planned : outputs) out.push_back(planned.output);
  return out;
}

}  // namespace archy::wallet
