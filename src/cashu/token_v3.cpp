#include "cashu/token_v3.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "cashu/encoded.hpp"
#include "cashu/json.hpp"

namespace archy::cashu {
namespace {

Result<std::array<std::uint8_t, 32>> number_from_hex(const Json& object, std::string_view name) {
  TRY(text, string_member(object, name));
  std::array<std::uint8_t, 32> out{};
  TRY_OK(from_hex_into(text, out));
  return out;
}

Result<ProofDleq> dleq_of(const Json& json) {
  TRY(e, number_from_hex(json, "e"));
  TRY(s, number_from_hex(json, "s"));
  TRY(r_text, string_member(json, "r"));
  TRY(r, crypto::Scalar::parse_hex(r_text));
  return ProofDleq{{e, s}, r};
}

Result<Proof> proof_of(const Json& json) {
  TRY(amount, number_member(json, "amount"));
  TRY(id_text, string_member(json, "id"));
  TRY(id, KeysetId::parse(id_text));
  TRY(secret, string_member(json, "secret"));
  TRY(c_text, string_member(json, "C"));
  TRY(c, crypto::Point::parse_hex(c_text));
  Proof out{Amount(amount), id, ProofSecret(std::move(secret)), c};
  if (const Json* dleq_json = optional_member(json, "dleq")) {
    TRY(dleq, dleq_of(*dleq_json));
    out.dleq = std::move(dleq);
  }
  if (const Json* witness = optional_member(json, "witness")) {
    TRY(text, string_of(*witness, "witness"));
    out.witness = std::move(text);
  }
  if (const Json* key = optional_member(json, "p2pk_e")) {
    TRY(text, string_of(*key, "p2pk_e"));
    TRY(point, crypto::Point::parse_hex(text));
    out.p2pk_e = point;
  }
  return out;
}

}  // namespace

Result<Token> read_token_v3(std::string_view text) {
  TRY(json, read_json(text));
  TRY(entries, object_member(json, "token"));
  if (!entries->is_array() || entries->empty()) return fail(Code::bad_input, "token: no list");
  Token out;
  // A token may leave its unit out: then it is sat.
  out.unit = "sat";
  if (const Json* unit = optional_member(json, "unit")) {
    TRY(name, string_of(*unit, "unit"));
    out.unit = std::move(name);
  }
  if (const Json* memo = optional_member(json, "memo")) {
    TRY(words, string_of(*memo, "memo"));
    out.memo = std::move(words);
  }
  for (const Json& entry : *entries) {
    TRY(url_text, string_member(entry, "mint"));
    TRY(url, mint_url(url_text));
    if (!out.mint.empty() && out.mint != url) {
      return fail(Code::unsupported, "ecash of more than one mint");
    }
    out.mint = std::move(url);
    TRY(proofs, object_member(entry, "proofs"));
    if (!proofs->is_array()) return fail(Code::bad_input, "proofs: no list");
    for (const Json& each : *proofs) {
      if (out.proofs.size() == kTokenProofs) return fail(Code::bad_input, "more than 1000 proofs");
      TRY(proof, proof_of(each));
      out.proofs.push_back(std::move(proof));
    }
  }
  return out;
}

}  // namespace archy::cashu
