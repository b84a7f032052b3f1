#include "cashu/mint_answers.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/utf8.hpp"
#include "cashu/json.hpp"

namespace archy::cashu {
namespace {

// More than any request of ours has; mints take 1000.
constexpr std::size_t kListed = 4096;
constexpr std::size_t kDetailBytes = 200;

// What a mint sends wrongly is its fault, not ours.
template <class T>
Result<T> blamed(Result<T> read) {
  if (!read) return fail(Code::peer_fault, std::move(read).error().detail);
  return read;
}

std::unexpected<Error> wrong(std::string what) { return fail(Code::bad_input, std::move(what)); }

Result<const Json*> list_member(const Json& object, std::string_view name) {
  TRY(list, object_member(object, name));
  if (!list->is_array() || list->size() > kListed)
    return wrong(std::string(name) + ": not a list, or too long");
  return list;
}

Result<std::optional<std::uint64_t>> optional_number(const Json& object, std::string_view name) {
  const Json* member = optional_member(object, name);
  if (member == nullptr) return std::nullopt;
  TRY(number, number_of(*member, name));
  return number;
}

Result<crypto::Point> point_member(const Json& object, std::string_view name) {
  TRY(text, string_member(object, name));
  return crypto::Point::parse_hex(text);
}

// Keysets have keys for more (to 2^63), but there is nothing to sign with those.
Result<std::uint64_t> amount_of(std::uint64_t number, std::string_view name) {
  if (Amount(number) > kAllThereIs) return wrong(std::string(name) + ": more than there is");
  return number;
}

Result<std::uint64_t> amount_member(const Json& object, std::string_view name) {
  TRY(number, number_member(object, name));
  return amount_of(number, name);
}

Result<std::optional<std::uint64_t>> optional_amount(const Json& object, std::string_view name) {
  TRY(number, optional_number(object, name));
  if (number) TRY_OK(amount_of(*number, name));
  return number;
}

Result<BlindSignature> signature_of(const Json& json) {
  TRY(amount, amount_member(json, "amount"));
  TRY(id_text, string_member(json, "id"));
  TRY(id, KeysetId::parse(id_text));
  TRY(c, point_member(json, "C_"));
  BlindSignature out{Amount(amount), id, c};
  if (const Json* given = optional_member(json, "dleq")) {
    TRY(e, string_member(*given, "e"));
    TRY(s, string_member(*given, "s"));
    Dleq dleq;
    TRY_OK(from_hex_into(e, dleq.e));
    TRY_OK(from_hex_into(s, dleq.s));
    out.dleq = dleq;
  }
  return out;
}

Result<std::vector<BlindSignature>> signatures_of(const Json& list) {
  std::vector<BlindSignature> out;
  for (const Json& each : list) {
    TRY(signature, signature_of(each));
    out.push_back(std::move(signature));
  }
  return out;
}

QuoteState state_named(std::string_view name) {
  static constexpr std::pair<std::string_view, QuoteState> kNames[] = {
      {"UNPAID", QuoteState::unpaid},
      {"PENDING", QuoteState::pending},
      {"PAID", QuoteState::paid},
      {"ISSUED", QuoteState::issued},
      {"FAILED", QuoteState::failed}};
  const auto* const found =
      std::ranges::find(kNames, name, &std::pair<std::string_view, QuoteState>::first);
  return found == std::end(kNames) ? QuoteState::unknown : found->second;
}

Result<QuoteState> state_of(const Json& json) {
  const Json* member = optional_member(json, "state");
  if (member == nullptr) return QuoteState::unknown;
  TRY(name, string_of(*member, "state"));
  return state_named(name);
}

Result<std::vector<KeysetEntry>> keysets_of(std::string_view text) {
  TRY(json, read_json(text));
  TRY(list, list_member(json, "keysets"));
  std::vector<KeysetEntry> out;
  for (const Json& each : *list) {
    TRY(id_text, string_member(each, "id"));
    const auto id = KeysetId::parse(id_text);
    if (!id && id.error().code == Code::unsupported) continue;
    if (!id) return fail(id.error());
    KeysetEntry entry{*id, {}, false};
    TRY(unit, string_member(each, "unit"));
    entry.terms.unit = std::move(unit);
    TRY(active, object_member(each, "active"));
    if (!active->is_boolean()) return wrong("active: neither true nor false");
    entry.active = active->get<bool>();
    TRY(fee, optional_number(each, "input_fee_ppk"));
    entry.terms.input_fee_ppk = fee.value_or(0);
    TRY(expiry, optional_number(each, "final_expiry"));
    if (expiry.value_or(0) != 0) entry.terms.final_expiry = expiry;
    out.push_back(std::move(entry));
  }
  return out;
}

// Sums that a mint of the time before them did not send, from the word it did send.
Result<> fill_sums(const Json& json, MintQuote& quote) {
  TRY(paid, optional_amount(json, "amount_paid"));
  TRY(issued, optional_amount(json, "amount_issued"));
  if (paid && issued) {
    quote.paid = Amount(*paid);
    quote.issued = Amount(*issued);
    if (*issued > *paid) return wrong("amount_issued: more than amount_paid");
    return {};
  }
  const bool is_paid = quote.state == QuoteState::paid || quote.state == QuoteState::pending ||
                       quote.state == QuoteState::issued;
  if (is_paid) quote.paid = quote.amount;
  if (quote.state == QuoteState::issued) quote.issued = quote.amount;
  return {};
}

Result<MintQuote> mint_quote_of(std::string_view text, Amount asked) {
  TRY(json, read_json(text));
  MintQuote out;
  TRY(id, string_member(json, "quote"));
  TRY(invoice, string_member(json, "request"));
  out.id = std::move(id);
  out.invoice = std::move(invoice);
  out.amount = asked;
  TRY(amount, optional_number(json, "amount"));
  if (amount && *amount != asked.value()) return wrong("amount: not what was asked for");
  TRY(state, state_of(json));
  out.state = state;
  TRY_OK(fill_sums(json, out));
  TRY(expiry, optional_number(json, "expiry"));
  if (expiry.value_or(0) != 0) out.expiry = expiry;
  TRY(updated_at, optional_number(json, "updated_at"));
  out.updated_at = updated_at;
  if (const Json* key = optional_member(json, "pubkey")) {
    TRY(key_text, string_of(*key, "pubkey"));
    TRY(owner, crypto::Point::parse_hex(key_text));
    out.owner = owner;
  }
  return out;
}

Result<MeltQuote> melt_quote_of(std::string_view text) {
  TRY(json, read_json(text));
  MeltQuote out;
  TRY(id, string_member(json, "quote"));
  TRY(amount, amount_member(json, "amount"));
  TRY(fee_reserve, amount_member(json, "fee_reserve"));
  out.id = std::move(id);
  out.amount = Amount(amount);
  out.fee_reserve = Amount(fee_reserve);
  TRY(state, state_of(json));
  out.state = state;
  TRY(expiry, optional_number(json, "expiry"));
  if (expiry.value_or(0) != 0) out.expiry = expiry;
  if (const Json* preimage = optional_member(json, "payment_preimage")) {
    TRY(preimage_text, string_of(*preimage, "payment_preimage"));
    out.preimage = std::move(preimage_text);
  }
  if (optional_member(json, "change") != nullptr) {
    TRY(list, list_member(json, "change"));
    TRY(change, signatures_of(*list));
    out.change = std::move(change);
  }
  return out;
}

Result<std::vector<BlindSignature>> signatures_in(std::string_view text) {
  TRY(json, read_json(text));
  TRY(list, list_member(json, "signatures"));
  return signatures_of(*list);
}

Result<std::vector<SpendState>> states_of(std::string_view text,
                                          std::span<const crypto::Point> asked) {
  TRY(json, read_json(text));
  TRY(list, list_member(json, "states"));
  if (list->size() != asked.size()) return wrong("states: another number than asked for");
  std::vector<SpendState> out;
  for (const Json& each : *list) {
    TRY(y, point_member(each, "Y"));
    if (y != asked[out.size()]) return wrong("states: of another proof than asked for");
    TRY(name, string_member(each, "state"));
    if (name == "UNSPENT") {
      out.push_back(SpendState::unspent);
    } else if (name == "PENDING") {
      out.push_back(SpendState::pending);
    } else if (name == "SPENT") {
      out.push_back(SpendState::spent);
    } else {
      return wrong("state: none that a proof can have");
    }
  }
  return out;
}

Result<std::vector<std::optional<BlindSignature>>> restored_of(
    std::string_view text, std::span<const BlindedMessage> asked) {
  TRY(json, read_json(text));
  TRY(outputs, list_member(json, "outputs"));
  TRY(signature_list, list_member(json, "signatures"));
  if (outputs->size() != signature_list->size())
    return wrong("signatures: another number than outputs");
  std::map<crypto::CompressedPoint, std::size_t> places;
  for (std::size_t i = 0; i < asked.size(); ++i) places.emplace(asked[i].b.compressed(), i);
  std::vector<std::optional<BlindSignature>> out(asked.size());
  for (std::size_t i = 0; i < outputs->size(); ++i) {
    TRY(b, point_member((*outputs)[i], "B_"));
    const auto place = places.find(b.compressed());
    if (place == places.end()) return wrong("outputs: one that was not asked about, or twice");
    TRY(signature, signature_of((*signature_list)[i]));
    out[place->second] = std::move(signature);
    places.erase(place);
  }
  return out;
}

}  // namespace

Result<std::vector<KeysetEntry>> parse_keysets_answer(std::string_view json) {
  return blamed(keysets_of(json));
}

Result<std::vector<BlindSignature>> parse_signatures(std::string_view json) {
  return blamed(signatures_in(json));
}

Result<MintQuote> parse_mint_quote(std::string_view json, Amount asked) {
  return blamed(mint_quote_of(json, asked));
}

Result<MeltQuote> parse_melt_quote(std::string_view json) { return blamed(melt_quote_of(json)); }

Result<std::vector<SpendState>> parse_states(std::string_view json,
                                             std::span<const crypto::Point> asked) {
  return blamed(states_of(json, asked));
}

Result<std::vector<std::optional<BlindSignature>>> parse_restored(
    std::string_view json, std::span<const BlindedMessage> asked) {
  return blamed(restored_of(json, asked));
}

std::optional<MintRefusal> parse_refusal(std::string_view json) {
  const auto parsed = read_json(json);
  if (!parsed) return std::nullopt;
  const auto code = number_member(*parsed, "code");
  if (!code || *code > UINT32_MAX) return std::nullopt;
  MintRefusal out{static_cast<std::uint32_t>(*code), {}};
  if (const Json* detail = optional_member(*parsed, "detail")) {
    // FastAPI's own refusals have a list here.
    const std::string text = detail->is_string() ? detail->get<std::string>() : to_text(*detail);
    out.detail = escape_for_terminal(std::string_view(text).substr(0, kDetailBytes));
  }
  return out;
}

}  // namespace archy::cashu
