#include "cashu/keyset.hpp"

#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "base/hex.hpp"
#include "cashu/json.hpp"
#include "crypto/sha256.hpp"

namespace archy::cashu {
namespace {

// A keyset has one key for each power of two of 64 bits; more amounts than this is an attack.
constexpr std::size_t kKeys = 512;
constexpr std::size_t kKeysetsOfAnAnswer = 4096;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// What a mint sends wrongly is its fault, not ours.
std::unexpected<Error> blame(const Error& error) { return fail(Code::peer_fault, error.detail); }

Result<KeyByAmount> keys_of(const Json& json) {
  if (!json.is_object() || json.empty()) return fail(Code::bad_input, "keys: none");
  if (json.size() > kKeys) return fail(Code::bad_input, "keys: too many");
  KeyByAmount out;
  for (const auto& [amount_text, key_json] : json.items()) {
    TRY(amount, decimal(amount_text));
    if (amount == 0) return fail(Code::bad_input, "keys: an amount of 0");
    TRY(key_text, string_of(key_json, "keys"));
    TRY(key, crypto::Point::parse_hex(key_text));
    out.emplace(Amount(amount), key);
  }
  return out;
}

Result<Keyset> keyset_of(const Json& json) {
  TRY(id_text, string_member(json, "id"));
  TRY(id, KeysetId::parse(id_text));
  KeysetTerms terms;
  TRY(unit, string_member(json, "unit"));
  terms.unit = std::move(unit);
  if (const Json* fee = optional_member(json, "input_fee_ppk")) {
    TRY(ppk, number_of(*fee, "input_fee_ppk"));
    terms.input_fee_ppk = ppk;
  }
  if (const Json* expiry = optional_member(json, "final_expiry")) {
    TRY(seconds, number_of(*expiry, "final_expiry"));
    if (seconds != 0) terms.final_expiry = seconds;
  }
  TRY(keys_json, object_member(json, "keys"));
  // Keys of other curves are no points: what is unsupported is told by the id, above.
  TRY(keys, keys_of(*keys_json));
  return Keyset::make(id, std::move(terms), std::move(keys));
}

Result<std::vector<Keyset>> keysets_of(const Json& json) {
  TRY(list, object_member(json, "keysets"));
  if (!list->is_array() || list->size() > kKeysetsOfAnAnswer) {
    return fail(Code::bad_input, "keysets: not a list, or too long");
  }
  std::vector<Keyset> out;
  for (const Json& entry : *list) {
    auto keyset = keyset_of(entry);
    if (keyset) {
      out.push_back(std::move(*keyset));
    } else if (keyset.error().code != Code::unsupported) {
      return fail(std::move(keyset).error());
    }
  }
  return out;
}

}  // namespace

KeysetId keyset_id_v1(const KeyByAmount& keys) {
  CHECK(!keys.empty());
  crypto::Sha256 hasher;
  for (const auto& [amount, key] : keys) hasher.update(key.compressed());
  return KeysetId::parse("00" + hasher.finish().hex().substr(0, 14)).value();
}

KeysetId keyset_id_v2(const KeyByAmount& keys, const KeysetTerms& terms) {
  CHECK(!keys.empty());
  std::string text;
  for (const auto& [amount, key] : keys) {
    if (!text.empty()) text += ',';
    text += std::to_string(amount.value()) + ":" + key.hex();
  }
  text += "|unit:" + lower(terms.unit);
  if (terms.input_fee_ppk != 0) text += "|input_fee_ppk:" + std::to_string(terms.input_fee_ppk);
  if (terms.final_expiry.value_or(0) != 0) {
    text += "|final_expiry:" + std::to_string(*terms.final_expiry);
  }
  return KeysetId::parse("01" + crypto::sha256(as_bytes(text)).hex()).value();
}

Result<Keyset> Keyset::make(const KeysetId& claimed, KeysetTerms terms, KeyByAmount keys) {
  if (keys.empty()) return fail(Code::peer_fault, "a keyset without keys");
  switch (claimed.version()) {
    case KeysetId::Version::legacy:
      return fail(Code::unsupported, "a keyset of the time before NUT-02's ids");
    case KeysetId::Version::v2_short:
      return fail(Code::bad_input, "a keyset under a short id");
    case KeysetId::Version::v1:
    case KeysetId::Version::v2: {
      const KeysetId computed = claimed.version() == KeysetId::Version::v1
                                    ? keyset_id_v1(keys)
                                    : keyset_id_v2(keys, terms);
      if (computed != claimed) {
        return fail(Code::peer_fault, "keyset " + claimed.text() + " has keys of another id");
      }
    }
  }
  return Keyset(claimed, std::move(terms), std::move(keys));
}

const crypto::Point* Keyset::key_for(Amount amount) const {
  const auto found = keys_.find(amount);
  return found == keys_.end() ? nullptr : &found->second;
}

const Keyset* Keysets::find(const KeysetId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

Result<> Keysets::add(Keyset keyset) {
  const KeysetId id = keyset.id();
  for (const auto& [other, unused] : by_id_) {
    if (other != id && share_derived_secrets(other, id)) {
      return fail(Code::peer_fault, "keysets " + id.text() + " and " + other.text() +
                                        " would share their derived secrets");
    }
  }
  by_id_.emplace(id, std::move(keyset));
  return {};
}

Result<KeysetId> Keysets::expand(const KeysetId& id) const {
  std::vector<KeysetId> known;
  known.reserve(by_id_.size());
  for (const auto& [each, unused] : by_id_) known.push_back(each);
  return cashu::expand(id, known);
}

Result<std::vector<Keyset>> parse_keys_answer(std::string_view json) {
  auto parsed = read_json(json);
  if (!parsed) return blame(parsed.error());
  auto out = keysets_of(*parsed);
  if (!out) return blame(out.error());
  return out;
}

Result<KeyByAmount> parse_keys(std::string_view json) {
  auto parsed = read_json(json);
  if (!parsed) return blame(parsed.error());
  auto out = keys_of(*parsed);
  if (!out) return blame(out.error());
  return out;
}

}  // namespace archy::cashu
