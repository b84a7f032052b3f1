#include "cashu/spending_condition.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.hpp"
#include "cashu/json.hpp"
#include "crypto/sha256.hpp"

namespace archy::cashu {
namespace {

// Mints take secrets and witnesses of 1024 bytes; what is far beyond is no condition of anybody.
constexpr std::size_t kTextBytes = 16384;
constexpr std::size_t kKeys = 64;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Code::bad_input, "spending condition: " + std::string(what));
}

Result<std::vector<crypto::Point>> keys_of(const std::vector<std::string>& texts) {
  if (texts.size() > kKeys) return wrong("too many keys");
  std::vector<crypto::Point> out;
  for (const auto& text : texts) {
    auto key = crypto::Point::parse_hex(text);
    if (!key) return wrong("a key that is none");
    out.push_back(*key);
  }
  return out;
}

Result<std::uint64_t> one_number(const std::vector<std::string>& values) {
  if (values.size() != 1) return wrong("a tag without its one number");
  auto number = decimal(values[0]);
  if (!number) return wrong("a tag without its one number");
  return number;
}

Result<> read_tag(const std::string& name, const std::vector<std::string>& values,
                  SpendingCondition& out) {
  if (name == "pubkeys") {
    TRY(keys, keys_of(values));
    out.pubkeys = std::move(keys);
  } else if (name == "refund") {
    TRY(keys, keys_of(values));
    out.refund = std::move(keys);
  } else if (name == "n_sigs") {
    TRY(number, one_number(values));
    out.n_sigs = number;
  } else if (name == "n_sigs_refund") {
    TRY(number, one_number(values));
    out.n_sigs_refund = number;
  } else if (name == "locktime") {
    TRY(number, one_number(values));
    out.locktime = number;
  } else if (name == "sigflag") {
    if (values.size() != 1 || (values[0] != "SIG_INPUTS" && values[0] != "SIG_ALL")) {
      return wrong("an unknown sigflag");
    }
    out.sig_flag = values[0] == "SIG_ALL" ? SigFlag::all : SigFlag::inputs;
  }
  return {};  // other tags are for others
}

Result<> read_tags(const Json& tags, SpendingCondition& out) {
  if (!tags.is_array()) return wrong("tags that are no list");
  std::set<std::string> seen;
  for (const Json& tag : tags) {
    if (!tag.is_array() || tag.empty()) return wrong("a tag that is no list");
    std::vector<std::string> texts;
    for (const Json& part : tag) {
      if (!part.is_string()) return wrong("a tag of something else than strings");
      texts.push_back(part.get<std::string>());
    }
    const std::string name = texts.front();
    texts.erase(texts.begin());
    if (!seen.insert(name).second) return wrong("a tag twice");
    TRY_OK(read_tag(name, texts, out));
  }
  return {};
}

std::vector<crypto::Point> main_keys(const SpendingCondition& condition) {
  std::vector<crypto::Point> out = condition.pubkeys;
  if (condition.key) out.insert(out.begin(), *condition.key);
  return out;
}

std::size_t distinct(const std::vector<crypto::Point>& keys) {
  std::set<crypto::XOnlyKey> seen;
  for (const auto& key : keys) seen.insert(key.x_only());
  return seen.size();
}

Result<> check_sense(const SpendingCondition& condition) {
  const auto keys = main_keys(condition);
  if (condition.n_sigs == 0 || condition.n_sigs_refund == 0) return wrong("no signature asked for");
  if (!keys.empty() && condition.n_sigs > distinct(keys)) {
    return wrong("more signatures than keys");
  }
  if (!condition.refund.empty() && condition.n_sigs_refund > distinct(condition.refund)) {
    return wrong("more refund signatures than keys");
  }
  return {};
}

Result<SpendingCondition> read_condition(LockKind kind, const Json& body) {
  SpendingCondition out;
  out.kind = kind;
  auto nonce = string_member(body, "nonce");
  auto data = string_member(body, "data");
  if (!nonce || !data) return wrong("no nonce or no data");
  out.nonce = std::move(*nonce);
  if (kind == LockKind::p2pk) {
    auto key = crypto::Point::parse_hex(*data);
    if (!key) return wrong("a key that is none");
    out.key = *key;
  } else {
    auto hash = Sha256Digest::parse_hex(*data);
    if (!hash) return wrong("a hash that is none");
    out.hash = *hash;
  }
  if (const Json* tags = optional_member(body, "tags")) TRY_OK(read_tags(*tags, out));
  TRY_OK(check_sense(out));
  return out;
}

std::uint64_t signers(const std::vector<crypto::Point>& keys, const Witness& witness,
                      const Sha256Digest& digest) {
  std::set<crypto::XOnlyKey> signed_by;
  for (const auto& key : keys) {
    const auto id = key.x_only();
    if (signed_by.contains(id)) continue;
    if (std::ranges::any_of(witness.signatures, [&](const crypto::SchnorrSignature& signature) {
          return crypto::schnorr_verify(id, digest, signature);
        })) {
      signed_by.insert(id);
    }
  }
  return signed_by.size();
}

bool opens_main_path(const SpendingCondition& condition, const Witness& witness,
                     const Sha256Digest& digest) {
  if (condition.kind == LockKind::htlc) {
    if (!witness.preimage) return false;
    std::array<std::uint8_t, 32> preimage;
    if (!from_hex_into(*witness.preimage, preimage)) return false;
    if (crypto::sha256(preimage) != *condition.hash) return false;
  }
  const auto keys = main_keys(condition);
  return keys.empty() || signers(keys, witness, digest) >= condition.n_sigs;
}

std::string tags_and_data(const SpendingCondition& condition) {
  SpendingCondition copy = condition;
  copy.nonce.clear();
  return to_secret(copy).reveal();
}

Result<Witness> witness_of(const Proof& proof) {
  if (!proof.witness) return Witness{};
  return parse_witness(*proof.witness);
}

}  // namespace

Result<std::optional<SpendingCondition>> parse_condition(std::string_view secret) {
  // A plain secret is any text; only a list of a name and an object is a condition.
  if (!secret.starts_with('[') || secret.size() > kTextBytes) return std::nullopt;
  const auto json = read_json(secret);
  if (!json || !json->is_array() || json->size() != 2 || !(*json)[0].is_string() ||
      !(*json)[1].is_object()) {
    return std::nullopt;
  }
  const auto kind = (*json)[0].get<std::string>();
  if (kind != "P2PK" && kind != "HTLC") {
    return fail(Code::unsupported, "spending condition: of an unknown kind");
  }
  TRY(out, read_condition(kind == "P2PK" ? LockKind::p2pk : LockKind::htlc, (*json)[1]));
  return out;
}

ProofSecret to_secret(const SpendingCondition& condition) {
  Json tags = Json::array();
  const auto keys_tag = [&](const char* name, const std::vector<crypto::Point>& keys) {
    if (keys.empty()) return;
    Json tag = Json::array({name});
    for (const auto& key : keys) tag.push_back(key.hex());
    tags.push_back(std::move(tag));
  };
  if (condition.sig_flag == SigFlag::all) tags.push_back(Json::array({"sigflag", "SIG_ALL"}));
  keys_tag("pubkeys", condition.pubkeys);
  if (condition.n_sigs != 1) {
    tags.push_back(Json::array({"n_sigs", std::to_string(condition.n_sigs)}));
  }
  if (condition.locktime) {
    tags.push_back(Json::array({"locktime", std::to_string(*condition.locktime)}));
  }
  keys_tag("refund", condition.refund);
  if (condition.n_sigs_refund != 1) {
    tags.push_back(Json::array({"n_sigs_refund", std::to_string(condition.n_sigs_refund)}));
  }
  Json body;
  body["nonce"] = condition.nonce;
  body["data"] = condition.kind == LockKind::p2pk ? condition.key->hex() : condition.hash->hex();
  body["tags"] = std::move(tags);
  const Json out =
      Json::array({condition.kind == LockKind::p2pk ? "P2PK" : "HTLC", std::move(body)});
  return ProofSecret(to_text(out));
}

Result<Witness> parse_witness(std::string_view text) {
  const auto bad = [] { return fail(Code::bad_input, "a witness that cannot be read"); };
  if (text.size() > kTextBytes) return bad();
  const auto json = read_json(text);
  if (!json || !json->is_object()) return bad();
  Witness out;
  if (const Json* signatures = optional_member(*json, "signatures")) {
    if (!signatures->is_array() || signatures->size() > kKeys) return bad();
    for (const Json& each : *signatures) {
      crypto::SchnorrSignature signature;
      if (!each.is_string() || !from_hex_into(each.get<std::string>(), signature)) return bad();
      out.signatures.push_back(signature);
    }
  }
  if (const Json* preimage = optional_member(*json, "preimage")) {
    if (!preimage->is_string()) return bad();
    out.preimage = preimage->get<std::string>();
  }
  return out;
}

std::string to_string(const Witness& witness) {
  Json out = Json::object();
  if (witness.preimage) out["preimage"] = *witness.preimage;
  out["signatures"] = Json::array();
  for (const auto& signature : witness.signatures) out["signatures"].push_back(to_hex(signature));
  return to_text(out);
}

Result<> check_witness(const SpendingCondition& condition, const Witness& witness,
                       const Sha256Digest& signed_digest, std::uint64_t now) {
  if (opens_main_path(condition, witness, signed_digest)) return {};
  if (condition.locktime && now > *condition.locktime) {
    if (condition.refund.empty()) return {};
    if (signers(condition.refund, witness, signed_digest) >= condition.n_sigs_refund) return {};
    return fail(Code::denied, "neither the keys nor the refund keys have signed");
  }
  return fail(Code::denied, "the keys of the lock have not signed, or the preimage is missing");
}

Sha256Digest sig_inputs_digest(const Proof& proof) {
  return crypto::sha256(as_bytes(proof.secret.reveal()));
}

Sha256Digest sig_all_digest(std::span<const Proof> inputs, std::span<const BlindedMessage> outputs,
                            std::string_view quote) {
  crypto::Sha256 hasher;
  for (const auto& input : inputs) {
    hasher.update(as_bytes(input.secret.reveal()));
    hasher.update(as_bytes(input.c.hex()));
  }
  for (const auto& output : outputs) {
    hasher.update(as_bytes(std::to_string(output.amount.value())));
    hasher.update(as_bytes(output.b.hex()));
  }
  hasher.update(as_bytes(quote));
  return hasher.finish();
}

Result<> check_request(std::span<const Proof> inputs, std::span<const BlindedMessage> outputs,
                       std::string_view quote, std::uint64_t now) {
  std::vector<std::optional<SpendingCondition>> conditions;
  bool all = false;
  for (const auto& input : inputs) {
    TRY(condition, parse_condition(input.secret.reveal()));
    all |= condition && condition->sig_flag == SigFlag::all;
    conditions.push_back(std::move(condition));
  }
  if (all) {
    for (const auto& condition : conditions) {
      if (!conditions.front() || !condition || condition->kind != conditions.front()->kind ||
          tags_and_data(*condition) != tags_and_data(*conditions.front())) {
        return fail(Code::denied, "SIG_ALL over inputs of different conditions");
      }
    }
    TRY(witness, witness_of(inputs.front()));
    return check_witness(*conditions.front(), witness, sig_all_digest(inputs, outputs, quote), now);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!conditions[i]) continue;
    TRY(witness, witness_of(inputs[i]));
    TRY_OK(check_witness(*conditions[i], witness, sig_inputs_digest(inputs[i]), now));
  }
  return {};
}

}  // namespace archy::cashu
