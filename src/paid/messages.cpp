#include "paid/messages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cashu/json.hpp"
#include "wire/json_scan.hpp"

namespace archy::paid {
namespace {

using cashu::Json;

constexpr wire::JsonLimits kLimits{.depth = 8, .members = 64};
constexpr std::size_t kMints = 64;
constexpr std::size_t kUrlChars = 2048;
constexpr std::size_t kQuoteChars = 128;
constexpr std::size_t kReasonChars = 200;
constexpr std::uint64_t kLongestS = streaming::kQuoteMs / 1000;

Result<Json> read(std::string_view text) {
  if (text.size() > kFrameBytes) return fail(Code::bad_input, "a message above 64 KiB");
  if (wire::scan_json(text, kLimits) != wire::JsonFault::none)
    return fail(Code::bad_input, "not the JSON of a message");
  return cashu::read_json(text);
}

Result<std::optional<std::uint64_t>> optional_number(const Json& object, std::string_view name) {
  const Json* const member = cashu::optional_member(object, name);
  if (member == nullptr) return std::optional<std::uint64_t>{};
  TRY(number, cashu::number_of(*member, name));
  return std::optional(number);
}

Result<std::optional<std::string>> optional_text(const Json& object, std::string_view name,
                                                 std::size_t most) {
  const Json* const member = cashu::optional_member(object, name);
  if (member == nullptr) return std::optional<std::string>{};
  TRY(text, cashu::string_of(*member, name));
  if (text.size() > most) return fail(Code::bad_input, std::string(name) + ": too long");
  return std::optional(std::move(text));
}

Result<std::uint64_t> sats(std::uint64_t number, std::string_view name) {
  if (number > cashu::kAllThereIs.value())
    return fail(Code::bad_input, std::string(name) + ": more than there is");
  return number;
}

Result<std::optional<streaming::Receipt>> read_receipt(const Json& object) {
  const Json* const member = cashu::optional_member(object, "receipt");
  if (member == nullptr) return std::optional<streaming::Receipt>{};
  if (!member->is_object()) return fail(Code::bad_input, "receipt: no object");
  streaming::Receipt out;
  TRY(payment, cashu::string_member(*member, "payment"));
  std::array<std::uint8_t, 16> bytes;
  TRY_OK(from_hex_into(payment, bytes));
  TRY(paid, cashu::number_member(*member, "paid_sats"));
  TRY(credit, cashu::number_member(*member, "credit_msat"));
  TRY(within, sats(paid, "paid_sats"));
  TRY_OK(sats(credit / 1000, "credit_msat"));
  out.payment = std::move(payment);
  out.paid = cashu::Amount(within);
  out.credit = wallet::Msat(credit);
  return std::optional(std::move(out));
}

Json written(const streaming::Receipt& receipt) {
  return {{"payment", receipt.payment},
          {"paid_sats", receipt.paid.value()},
          {"credit_msat", receipt.credit.value()}};
}

Result<std::optional<streaming::Price>> read_terms(const Json& object) {
  TRY(step, optional_number(object, "step_bytes"));
  TRY(price, optional_number(object, "sats_per_step"));
  TRY(least, optional_number(object, "min_steps"));
  if (!step || !price) return std::optional<streaming::Price>{};
  if (*step == 0) return fail(Code::bad_input, "step_bytes: a step of nothing");
  TRY(each, sats(*price, "sats_per_step"));
  streaming::Price out;
  out.step_size = *step;
  out.per_step = cashu::Amount(each);
  out.min_steps = std::max<std::uint64_t>(1, least.value_or(1));
  return std::optional(out);
}

// One line that a log can show, whoever wrote it.
std::string one_line(std::string_view text) {
  if (!is_utf8(text)) return "a reason that is no text";
  std::size_t end = std::min(text.size(), kReasonChars);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string out(text.substr(0, end));
  for (char& each : out)
    if (static_cast<unsigned char>(each) < 0x20 || each == 0x7F) each = ' ';
  return out;
}

Result<PaymentRequired> read_required(const Json& object) {
  if (!object.is_object()) return fail(Code::bad_input, "PaymentRequired: no object");
  PaymentRequired out;
  TRY(price, cashu::number_member(object, "price_sats"));
  TRY(within, sats(price, "price_sats"));
  out.price_sats = within;
  TRY(mints, cashu::object_member(object, "accepted_mints"));
  if (!mints->is_array() || mints->size() > kMints)
    return fail(Code::bad_input, "accepted_mints: no list of at most 64");
  for (const Json& each : *mints) {
    TRY(url, cashu::string_of(each, "accepted_mints"));
    if (url.size() > kUrlChars) return fail(Code::bad_input, "accepted_mints: a URL too long");
    out.accepted_mints.push_back(std::move(url));
  }
  TRY(quote, optional_text(object, "quote", kQuoteChars));
  TRY(expires, optional_number(object, "expires_in_s"));
  TRY(terms, read_terms(object));
  TRY(receipt, read_receipt(object));
  out.quote = std::move(quote);
  if (expires) out.expires_in_s = std::min(*expires, kLongestS);
  out.terms = terms;
  out.receipt = std::move(receipt);
  return out;
}

Result<Granted> read_granted(const Json& value) {
  if (value.is_null()) return Granted{};
  if (!value.is_object()) return fail(Code::bad_input, "Granted: no object");
  TRY(receipt, read_receipt(value));
  return Granted{std::move(receipt)};
}

Result<Denied> read_denied(const Json& object) {
  TRY(reason, cashu::string_member(object, "reason"));
  const Json* const later = cashu::optional_member(object, "try_later");
  if (later != nullptr && !later->is_boolean())
    return fail(Code::bad_input, "try_later: neither true nor false");
  return Denied{one_line(reason), later != nullptr && later->get<bool>()};
}

Json written(const Granted& granted, bool extras) {
  if (!extras || !granted.receipt) return "Granted";
  return {{"Granted", {{"receipt", written(*granted.receipt)}}}};
}

Json written(const PaymentRequired& required, bool extras) {
  Json body{{"price_sats", required.price_sats}};
  body["accepted_mints"] = required.accepted_mints;
  if (extras && required.quote) body["quote"] = *required.quote;
  if (extras && required.expires_in_s) body["expires_in_s"] = *required.expires_in_s;
  if (extras && required.terms) {
    body["step_bytes"] = required.terms->step_size;
    body["sats_per_step"] = required.terms->per_step.value();
    body["min_steps"] = required.terms->min_steps;
  }
  if (extras && required.receipt) body["receipt"] = written(*required.receipt);
  return {{"PaymentRequired", std::move(body)}};
}

Json written(const Denied& denied, bool extras) {
  Json body{{"reason", one_line(denied.reason)}};
  if (extras && denied.try_later) body["try_later"] = true;
  return {{"Denied", std::move(body)}};
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<PaidRequest> parse_request(std::string_view json) {
  TRY(object, read(json));
  if (!object.is_object()) return fail(Code::bad_input, "a question is an object");
  TRY(want, cashu::string_member(object, "want"));
  TRY(hash, Blake3Hash::parse_hex(want));
  TRY(token, optional_text(object, "token", streaming::kTokenChars));
  TRY(version, optional_number(object, "v"));
  TRY(quote, optional_text(object, "quote", kQuoteChars));
  TRY(bytes, optional_number(object, "bytes"));
  PaidRequest out{.want = hash};
  if (token) out.token.emplace(std::move(*token));
  out.version = version;
  out.quote = std::move(quote);
  out.bytes = bytes;
  return out;
}

Secret<std::string> to_json(const PaidRequest& request) {
  Json out{{"want", request.want.hex()}};
  if (request.token) out["token"] = request.token->reveal();
  if (request.version) out["v"] = *request.version;
  if (request.quote) out["quote"] = *request.quote;
  if (request.bytes) out["bytes"] = *request.bytes;
  return Secret<std::string>(text_of(out));
}

Result<PaidAnswer> parse_answer(std::string_view json) {
  TRY(value, read(json));
  if (value.is_string() && value.get<std::string>() == "Granted") return PaidAnswer(Granted{});
  if (!value.is_object() || value.size() != 1)
    return fail(Code::bad_input, "an answer is one of Granted, PaymentRequired, Denied");
  const std::string& name = value.begin().key();
  const Json& body = value.begin().value();
  if (name == "Granted") {
    TRY(granted, read_granted(body));
    return PaidAnswer(std::move(granted));
  }
  if (name == "PaymentRequired") {
    TRY(required, read_required(body));
    return PaidAnswer(std::move(required));
  }
  if (name != "Denied") return fail(Code::bad_input, "an answer of an unknown kind");
  TRY(denied, read_denied(body));
  return PaidAnswer(std::move(denied));
}

std::string to_json(const PaidAnswer& answer, bool extras) {
  return std::visit([extras](const auto& each) { return text_of(written(each, extras)); }, answer);
}

}  // namespace archy::paid
