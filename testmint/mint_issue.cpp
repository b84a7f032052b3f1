// NUT-04, 20, 23: from Lightning to ecash.
#include <nlohmann/json.hpp>

#include "base/checked.hpp"
#include "base/hex.hpp"
#include "cashu/json.hpp"
#include "cashu/quote_signature.hpp"
#include "testmint/mint.hpp"

namespace archy::testmint {
namespace {

const char* state_of(const MintQuoteRow& quote) {
  if (quote.issued > 0 && quote.issued >= quote.paid) return "ISSUED";
  return quote.paid > 0 ? "PAID" : "UNPAID";
}

Answer<> check_owner(const MintQuoteRow& quote, std::span<const cashu::BlindedMessage> outputs,
                     const Json& body) {
  if (!quote.owner) return {};
  const Json* given = cashu::optional_member(body, "signature");
  if (given == nullptr)
    return fail(Refusal(nut::kQuoteSignatureMissing, "the quote asks for a signature"));
  crypto::SchnorrSignature signature{};
  TRY(key, crypto::Point::parse_hex(*quote.owner));
  if (!given->is_string() || !from_hex_into(given->get<std::string>(), signature) ||
      !cashu::is_quote_signed(key, quote.id, outputs, signature))
    return fail(Refusal(nut::kQuoteSignatureWrong, "wrong signature for the quote"));
  return {};
}

}  // namespace

Answer<Json> Mint::new_mint_quote(const Call& call) {
  if (!has(4)) return fail(Refusal(nut::kDisabled, "minting is disabled"));
  auto amount = cashu::number_member(call.body, "amount");
  auto unit = cashu::string_member(call.body, "unit");
  if (!amount || !unit) return fail(Refusal(422, "amount or unit is missing"));
  if (*unit != kUnit) return fail(Refusal(nut::kUnit, "unit not supported"));
  if (*amount < options_.min_amount || *amount > options_.max_amount)
    return fail(Refusal(nut::kOutsideLimits, "amount outside the limits"));
  MintQuoteRow quote{.id = new_id(), .amount = *amount};
  const Json* owner = cashu::optional_member(call.body, "pubkey");
  if (owner != nullptr && has(20)) {
    auto text = cashu::string_of(*owner, "pubkey");
    if (!text || !crypto::Point::parse_hex(*text)) return fail(Refusal(422, "pubkey: no key"));
    quote.owner = *text;
  }
  std::string description = options_.name;
  if (const Json* said = cashu::optional_member(call.body, "description"))
    description = said->is_string() ? said->get<std::string>() : description;
  TRY(invoice, lightning_.invoice(options_.name, *amount * 1000, description,
                                  options_.mint_quote_ttl_s, call.now_ms));
  quote.invoice = invoice.text;
  quote.hash = invoice.hash;
  quote.expiry_s = call.now_s() + options_.mint_quote_ttl_s;
  quote.updated_s = call.now_s();
  TRY(transaction, book_->begin());
  TRY_OK(book_->put(quote));
  TRY_OK(transaction.commit());
  if (options_.auto_pay)
    TRY_OK(lightning_.pay_from_outside(quote.invoice, std::nullopt, call.now_ms));
  return shown(quote);
}

// With what has come in for it since.
Answer<MintQuoteRow> Mint::seen_paid(MintQuoteRow quote, std::int64_t now_ms) {
  TRY(received, lightning_.received_sat(quote.hash, now_ms));
  if (received <= quote.paid) return quote;
  quote.paid = received;
  quote.updated_s = static_cast<std::uint64_t>(now_ms) / 1000;
  TRY(transaction, book_->begin());
  TRY_OK(book_->put(quote));
  TRY_OK(transaction.commit());
  return quote;
}

Answer<MintQuoteRow> Mint::mint_quote(std::string_view id, const Call& call) {
  TRY(quote, book_->mint_quote(id));
  if (!quote || quote->forgotten) return fail(Refusal(nut::kUnknown, "quote not found"));
  return seen_paid(std::move(*quote), call.now_ms);
}

Json Mint::shown(const MintQuoteRow& quote) const {
  Json out{{"quote", quote.id},       {"request", quote.invoice}, {"amount", quote.amount},
           {"unit", kUnit},           {"method", "bolt11"},       {"state", state_of(quote)},
           {"expiry", quote.expiry_s}};
  if (has(20)) out["pubkey"] = quote.owner ? Json(*quote.owner) : Json(nullptr);
  if (options_.sums) {
    out["amount_paid"] = quote.paid;
    out["amount_issued"] = quote.issued;
    out["updated_at"] = quote.updated_s;
  }
  return out;
}

Answer<Json> Mint::issue(const Call& call) {
  if (!has(4)) return fail(Refusal(nut::kDisabled, "minting is disabled"));
  auto id = cashu::string_member(call.body, "quote");
  if (!id) return fail(Refusal(422, id.error().detail));
  TRY(outputs, read_outputs(call));
  if (outputs.empty()) return fail(Refusal(422, "outputs: none"));
  if (options_.keysets_first) TRY_OK(check_outputs(outputs, call, false));
  TRY(transaction, book_->begin());
  TRY(quote, mint_quote(*id, call));
  if (options_.refuses_late_claims && call.now_s() > quote.expiry_s)
    return fail(Refusal(nut::kQuoteExpired, "quote expired"));
  if (quote.paid == 0) return fail(Refusal(nut::kNotPaid, "quote not paid"));
  if (quote.issued >= quote.paid) return fail(Refusal(nut::kIssued, "quote already issued"));
  TRY_OK(check_owner(quote, outputs, call.body));
  TRY_OK(check_outputs(outputs, call, false));
  TRY_OK(check_unsigned(outputs));
  std::uint64_t sum = 0;
  for (const auto& output : outputs) {
    const auto more = checked_add(sum, output.amount.value());
    if (!more) return fail(Refusal(nut::kUnbalanced, "a sum beyond 64 bits"));
    sum = *more;
  }
  const std::uint64_t mintable = quote.paid - quote.issued;
  // Before there were sums, a quote was claimed as a whole.
  if (options_.sums ? sum > mintable : sum != mintable)
    return fail(Refusal(nut::kUnbalanced, "outputs are not what was paid"));
  TRY(operation, book_->put(OperationRow{OperationKind::mint, quote.id, 0, sum, 0, call.now_ms}));
  TRY(signatures, sign(operation, outputs));
  quote.issued += sum;
  quote.updated_s = call.now_s();
  TRY_OK(book_->put(quote));
  TRY_OK(transaction.commit());
  Json list = Json::array();
  for (const auto& each : signatures) list.push_back(signature_json(each, has(12)));
  return Json{{"signatures", std::move(list)}};
}

}  // namespace archy::testmint
