#include "fedimint/fmcd_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cashu/json.hpp"

namespace archy::fedimint {
namespace {

using cashu::Json;
using Outcome = FmcdEntry::Outcome;
using Kind = FmcdEntry::Kind;

constexpr std::size_t kNotesBytes = 1u << 20;
constexpr std::size_t kInvoiceBytes = 8192;
constexpr std::size_t kMessageBytes = 300;
constexpr std::size_t kWordBytes = 80;
constexpr std::uint64_t kMillion = 1'000'000;

// Every error of fmcd 0.8.0 with its status.
struct ErrorCode {
  std::string_view code;
  int status;
};
constexpr ErrorCode kErrorCodes[] = {
    {"VALIDATION_ERROR", 400},
    {"AUTH_FAILED", 401},
    {"FORBIDDEN", 403},
    {"NOT_FOUND", 404},
    {"CONFLICT", 409},
    {"RATE_LIMITED", 429},
    {"INSUFFICIENT_FUNDS", 402},
    {"PAYMENT_TIMEOUT", 408},
    {"INVOICE_EXPIRED", 408},
    {"NO_ROUTE", 404},
    {"FEDERATION_UNAVAILABLE", 503},
    {"FEDERATION_NOT_FOUND", 404},
    {"CONSENSUS_FAILURE", 500},
    {"GATEWAY_UNAVAILABLE", 503},
    {"GATEWAY_TIMEOUT", 504},
    {"GATEWAY_ERROR", 502},
    {"DATABASE_ERROR", 500},
    {"NETWORK_ERROR", 500},
    {"INTERNAL_ERROR", 500},
    {"SERVICE_UNAVAILABLE", 503},
};

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// A word without white space.
Result<std::string> word_member(const Json& object, std::string_view name, std::size_t most) {
  TRY(word, cashu::string_member(object, name));
  if (word.empty() || word.size() > most || !is_printable(word))
    return fail(Code::bad_input, std::string(name) + ": no word");
  return word;
}

Result<std::string> id_member(const Json& object, std::string_view name) {
  TRY(id, cashu::string_member(object, name));
  if (!is_fmcd_id(id)) return fail(Code::bad_input, std::string(name) + ": no operation's id");
  return id;
}

Result<Msat> amount_member(const Json& object, std::string_view name) {
  TRY(number, cashu::number_member(object, name));
  if (number > kMostMsat.value())
    return fail(Code::bad_input, std::string(name) + ": more than there is");
  return Msat(number);
}

// Rust's enums as JSON: "word" or {"word": what belongs to it}. Empty: neither.
std::string variant_name(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.size() == 1) return value.begin().key();
  return {};
}

bool is_among(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// What is not named here decides nothing.
Outcome outcome_of(Kind kind, const Json* outcome) {
  if (outcome == nullptr) return Outcome::none;
  const std::string name = variant_name(*outcome);
  switch (kind) {
    case Kind::receive:
      if (name == "claimed") return Outcome::succeeded;
      return name == "canceled" ? Outcome::failed : Outcome::none;
    case Kind::pay:
      if (is_among(name, {"success", "preimage"})) return Outcome::succeeded;
      return is_among(name, {"canceled", "refunded", "refund_success", "funding_failed"})
                 ? Outcome::failed
                 : Outcome::none;
    case Kind::spend:
      if (is_among(name, {"Success", "UserCanceledFailure"})) return Outcome::succeeded;
      return is_among(name, {"Refunded", "UserCanceledSuccess"}) ? Outcome::failed : Outcome::none;
    case Kind::reissue:
      if (name == "Done") return Outcome::succeeded;
      return name == "Failed" ? Outcome::failed : Outcome::none;
    case Kind::other:
    case Kind::unreadable:
      break;
  }
  return Outcome::none;
}

std::optional<std::string> preimage_of(const Json* outcome) {
  if (outcome == nullptr) return std::nullopt;
  const Json* success = cashu::optional_member(*outcome, "success");
  const Json* text = success ? cashu::optional_member(*success, "preimage") : nullptr;
  if (text == nullptr || !text->is_string()) return std::nullopt;
  auto out = text->get<std::string>();
  if (out.empty() || out.size() > 256 || !is_printable(out)) return std::nullopt;
  return out;
}

Result<> read_lightning(const Json& variant, const Json& meta, FmcdEntry& out) {
  if (const Json* pay = cashu::optional_member(variant, "pay")) {
    TRY(invoice, word_member(*pay, "invoice", kInvoiceBytes));
    TRY(fee, amount_member(*pay, "fee"));
    out.kind = Kind::pay;
    out.invoice = std::move(invoice);
    out.fee = fee;
  } else if (const Json* receive = cashu::optional_member(variant, "receive")) {
    TRY(invoice, word_member(*receive, "invoice", kInvoiceBytes));
    const Json* extra = cashu::optional_member(meta, "extra_meta");
    const Json* mark = extra ? cashu::optional_member(*extra, kFmcdMark) : nullptr;
    out.kind = Kind::receive;
    out.invoice = std::move(invoice);
    if (mark != nullptr && mark->is_string()) out.mark = mark->get<std::string>();
  } else if (!is_among(variant_name(variant), {"claim", "recurring_payment_receive"})) {
    return fail(Code::bad_input, "a variant that is not known");
  }
  return {};
}

Result<> read_mint(const Json& variant, const Json& meta, FmcdEntry& out) {
  if (const Json* spend = cashu::optional_member(variant, "spend_o_o_b")) {
    TRY(amount, amount_member(*spend, "requested_amount"));
    TRY(notes, word_member(*spend, "oob_notes", kNotesBytes));
    out.kind = Kind::spend;
    out.amount = amount;
    out.notes = Secret<std::string>(std::move(notes));
  } else if (cashu::optional_member(variant, "reissuance") != nullptr) {
    TRY(amount, amount_member(meta, "amount"));
    out.kind = Kind::reissue;
    out.amount = amount;
  } else {
    return fail(Code::bad_input, "a variant that is not known");
  }
  return {};
}

// One line. What is so long that it could be notes or an invoice is left out.
std::string without_secrets(std::string_view message) {
  std::string out;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && !out.empty()) out += ' ';
    out += word.size() > kWordBytes ? "..." : word;
    word.clear();
  };
  for (const char c : message.substr(0, 4096)) {
    if (is_printable({&c, 1})) {
      word += c;
    } else {
      end_word();
    }
  }
  end_word();
  out.resize(std::min(out.size(), kMessageBytes));
  return out;
}

Result<FmcdEntry> entry_of(const Json& json) {
  FmcdEntry out;
  TRY(id, id_member(json, "id"));
  TRY(module, cashu::string_member(json, "operationKind"));
  out.operation = std::move(id);
  if (!module.starts_with("ln") && !module.starts_with("mint")) return out;
  const Json* meta = cashu::optional_member(json, "operationMeta");
  const Json* variant = meta ? cashu::optional_member(*meta, "variant") : nullptr;
  auto read = variant == nullptr ? Result<>(fail(Code::bad_input, "no variant"))
              : module == "ln"   ? read_lightning(*variant, *meta, out)
              : module == "mint" ? read_mint(*variant, *meta, out)
                                 : Result<>(fail(Code::bad_input, "a newer module"));
  // It may be the one that is looked for: not the same as being none.
  if (!read) out.kind = Kind::unreadable;
  const Json* outcome = cashu::optional_member(json, "outcome");
  out.outcome = outcome_of(out.kind, outcome);
  if (out.kind == Kind::pay) out.preimage = preimage_of(outcome);
  return out;
}

Result<FmcdGateway> gateway_of(const Json& json) {
  TRY(info, cashu::object_member(json, "info"));
  TRY(id, cashu::string_member(*info, "gateway_id"));
  if (!is_hex(id, 66)) return fail(Code::bad_input, "gateway_id: no point");
  TRY(fees, cashu::object_member(*info, "fees"));
  TRY(base, amount_member(*fees, "base_msat"));
  TRY(ppm, cashu::number_member(*fees, "proportional_millionths"));
  const Json* vetted = cashu::optional_member(json, "vetted");
  return FmcdGateway{std::move(id), vetted && vetted->is_boolean() && vetted->get<bool>(), base,
                     ppm};
}

}  // namespace

bool is_fmcd_id(std::string_view text) { return is_hex(text, 64); }

Result<Msat> parse_fmcd_balance(std::string_view text, std::string_view federation) {
  TRY(json, cashu::read_json(text));
  if (!json.is_object()) return fail(Code::bad_input, "not the balances of federations");
  const Json* ours = cashu::optional_member(json, federation);
  if (ours == nullptr) return fail(Code::not_found, "the daemon is not in this federation");
  return amount_member(*ours, "totalAmountMsat");
}

std::optional<Msat> FmcdGateway::fee_for(Msat amount) const {
  const std::uint64_t millions = amount.value() / kMillion;
  const std::uint64_t rest = amount.value() % kMillion;
  // ppm of whole millions and of what is over, each without wrapping.
  if (ppm > UINT64_MAX / kMillion - 1) return std::nullopt;
  if (millions > 0 && ppm > kMostMsat.value() / millions) return std::nullopt;
  const std::uint64_t part = millions * ppm + (rest * ppm + kMillion - 1) / kMillion;
  if (part > kMostMsat.value() || base > kMostMsat - Msat(part)) return std::nullopt;
  return base + Msat(part);
}

Result<std::vector<FmcdGateway>> parse_fmcd_gateways(std::string_view text) {
  TRY(json, cashu::read_json(text));
  if (!json.is_array()) return fail(Code::bad_input, "not a list of gateways");
  std::vector<FmcdGateway> out;
  // One that cannot be read is as good as none.
  for (const Json& each : json)
    if (auto gateway = gateway_of(each)) out.push_back(std::move(*gateway));
  return out;
}

Result<FmcdInvoice> parse_fmcd_invoice(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(operation, id_member(json, "operationId"));
  TRY(invoice, word_member(json, "invoice", kInvoiceBytes));
  return FmcdInvoice{std::move(operation), std::move(invoice)};
}

Result<FmcdReceipt> parse_fmcd_receipt(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(status, cashu::object_member(json, "status"));
  const std::string name = variant_name(*status);
  if (name == "claimed") return FmcdReceipt::claimed;
  // "expired" is the daemon's clock alone: an invoice is over when it is canceled.
  if (name == "canceled") return FmcdReceipt::canceled;
  if (is_among(name, {"created", "pending", "expired"})) return FmcdReceipt::waiting;
  return fail(Code::bad_input, "status: none that is known");
}

Result<FmcdPayment> parse_fmcd_payment(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(operation, id_member(json, "operationId"));
  TRY(fee, amount_member(json, "fee"));
  TRY(preimage, word_member(json, "preimage", 256));
  return FmcdPayment{std::move(operation), fee, std::move(preimage)};
}

Result<FmcdNotes> parse_fmcd_notes(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(operation, id_member(json, "operation"));
  TRY(notes, word_member(json, "notes", kNotesBytes));
  return FmcdNotes{std::move(operation), Secret<std::string>(std::move(notes))};
}

Result<std::string> parse_fmcd_notes_prefix(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(notes, cashu::object_member(json, "notesJson"));
  TRY(prefix, cashu::string_member(*notes, "federation_id_prefix"));
  if (!is_hex(prefix, 8)) return fail(Code::bad_input, "federation_id_prefix: none");
  return prefix;
}

Result<Msat> parse_fmcd_amount(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(amount, amount_member(json, "amountMsat"));
  if (amount == Msat(0)) return fail(Code::bad_input, "notes that are worth nothing");
  return amount;
}

Result<std::vector<FmcdEntry>> parse_fmcd_operations(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(operations, cashu::object_member(json, "operations"));
  if (!operations->is_array()) return fail(Code::bad_input, "operations: not a list");
  std::vector<FmcdEntry> out;
  out.reserve(operations->size());
  for (const Json& each : *operations) {
    TRY(entry, entry_of(each));
    out.push_back(std::move(entry));
  }
  return out;
}

Result<FmcdRefusal> parse_fmcd_refusal(std::string_view text) {
  TRY(json, cashu::read_json(text));
  TRY(error, cashu::object_member(json, "error"));
  TRY(code, word_member(*error, "code", 64));
  TRY(message, cashu::string_member(*error, "message"));
  const auto* known = std::ranges::find(kErrorCodes, code, &ErrorCode::code);
  if (known == std::ranges::end(kErrorCodes)) return fail(Code::bad_input, "code: none of fmcd's");
  for (const char* name : {"details", "correlation_id", "request_id"})
    if (!error->contains(name)) return fail(Code::bad_input, std::string(name) + ": missing");
  return FmcdRefusal{std::move(code), known->status, without_secrets(message)};
}

}  // namespace archy::fedimint
