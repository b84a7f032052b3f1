#include "testmint/purse.hpp"

#include "base/check.hpp"
#include "base/hex.hpp"
#include "cashu/checked_proof.hpp"
#include "cashu/dhke.hpp"
#include "cashu/quote_signature.hpp"

namespace archy::testmint {
namespace {

cashu::PreparedOutput prepared(std::uint64_t amount, const cashu::KeysetId& keyset,
                               std::string secret) {
  return cashu::prepare_output(cashu::Amount(amount), keyset,
                               {cashu::ProofSecret(std::move(secret)), crypto::Scalar::random()})
      .value();
}

Json read(const Reply& reply) {
  Json out = Json::parse(reply.body, nullptr, false);
  if (out.is_discarded()) out = Json::object();
  if (reply.status != 200) out["status"] = reply.status;
  return out;
}

}  // namespace

Reply Purse::ask(const std::string& method, const std::string& path, const std::string& body) {
  const Carriage carriage = mint_.faults().take(method, path);
  return mint_.handle(method, path, body, now_ms_, carriage.inside);
}

Json Purse::get(const std::string& path) { return read(ask("GET", path)); }
Json Purse::post(const std::string& path, const std::string& body) {
  return read(ask("POST", path, body));
}

Purse::Prepared Purse::prepare(const Amounts& amounts) const {
  Prepared out;
  for (const std::uint64_t amount : amounts)
    out.push_back(prepared(amount, mint_.active().id(), to_hex(crypto::Scalar::random().reveal())));
  return out;
}

Purse::Prepared Purse::prepare_locked(const Amounts& amounts, const std::string& secret) const {
  Prepared out;
  for (const std::uint64_t amount : amounts)
    out.push_back(prepared(amount, mint_.active().id(), secret));
  return out;
}

std::vector<cashu::BlindedMessage> Purse::messages(const Prepared& outputs) {
  std::vector<cashu::BlindedMessage> out;
  for (const auto& output : outputs) out.push_back(output.message);
  return out;
}

Purse::Proofs Purse::unblind(const Prepared& outputs, const Json& signatures) const {
  const auto parsed = cashu::parse_signatures(Json{{"signatures", signatures}}.dump()).value();
  Proofs out;
  auto change =
      cashu::accept_change(outputs, parsed, mint_.public_keysets(), cashu::DleqRule::if_present);
  CHECK(change.has_value());
  for (auto& proof : change->proofs) out.push_back(std::move(proof).take());
  return out;
}

Json Purse::mint_quote(std::uint64_t amount, const crypto::Scalar* owner) {
  Json body{{"amount", amount}, {"unit", kUnit}};
  if (owner != nullptr) body["pubkey"] = crypto::Point::of(*owner).hex();
  return post("/v1/mint/quote/bolt11", body.dump());
}

void Purse::pay(const Json& quote) {
  CHECK(
      lightning_.pay_from_outside(quote.at("request").get<std::string>(), {}, now_ms_).has_value());
}

std::string Purse::mint_request(const Json& quote, const Prepared& outputs,
                                const crypto::Scalar* owner) const {
  const auto blinded = messages(outputs);
  const auto id = quote.at("quote").get<std::string>();
  Json body = Json::parse(cashu::mint_body(id, blinded, {}));
  body.erase("signature");
  if (owner != nullptr) body["signature"] = to_hex(cashu::sign_quote(*owner, id, blinded));
  return body.dump();
}

Purse::Proofs Purse::fund(std::uint64_t amount) {
  const Json quote = mint_quote(amount);
  pay(quote);
  Amounts amounts;
  for (const auto part : cashu::split(cashu::Amount(amount))) amounts.push_back(part.value());
  const Prepared outputs = prepare(amounts);
  const Json answer = post("/v1/mint/bolt11", mint_request(quote, outputs, nullptr));
  return unblind(outputs, answer.at("signatures"));
}

Json Purse::melt_quote(const std::string& invoice) {
  return post("/v1/melt/quote/bolt11", cashu::melt_quote_body(invoice, kUnit));
}

std::vector<std::string> Purse::states(const Proofs& proofs) {
  std::vector<crypto::Point> ys;
  for (const auto& proof : proofs)
    ys.push_back(cashu::hash_to_curve(as_bytes(proof.secret.reveal())));
  std::vector<std::string> out;
  for (const Json& each : post("/v1/checkstate", cashu::state_body(ys)).at("states"))
    out.push_back(each.at("state").get<std::string>());
  return out;
}

std::string swap_text(std::span<const cashu::Proof> inputs, const Purse::Prepared& outputs) {
  return cashu::swap_body(inputs, Purse::messages(outputs)).reveal();
}

std::string melt_text(const Json& quote, std::span<const cashu::Proof> inputs,
                      const Purse::Prepared& blanks, bool prefer_async) {
  return cashu::melt_body(quote.at("quote").get<std::string>(), inputs, Purse::messages(blanks),
                          prefer_async)
      .reveal();
}

std::uint64_t sum_of(std::span<const cashu::Proof> proofs) {
  std::uint64_t out = 0;
  for (const auto& proof : proofs) out += proof.amount.value();
  return out;
}

}  // namespace archy::testmint
