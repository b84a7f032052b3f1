#include "cashu/mint_requests.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "cashu/json.hpp"

namespace archy::cashu {
namespace {

Json inputs_json(std::span<const Proof> inputs) {
  Json out = Json::array();
  for (const Proof& proof : inputs) {
    Json each{{"amount", proof.amount.value()},
              {"id", proof.keyset.text()},
              {"secret", proof.secret.reveal()},
              {"C", proof.c.hex()}};
    if (proof.witness) each["witness"] = *proof.witness;
    out.push_back(std::move(each));
  }
  return out;
}

Json outputs_json(std::span<const BlindedMessage> outputs) {
  Json out = Json::array();
  for (const BlindedMessage& output : outputs) {
    out.push_back(Json{
        {"amount", output.amount.value()}, {"id", output.keyset.text()}, {"B_", output.b.hex()}});
  }
  return out;
}

}  // namespace

SpendingBody swap_body(std::span<const Proof> inputs, std::span<const BlindedMessage> outputs) {
  return SpendingBody(
      to_text({{"inputs", inputs_json(inputs)}, {"outputs", outputs_json(outputs)}}));
}

std::string mint_quote_body(Amount amount, std::string_view unit, const crypto::Point& owner) {
  return to_text({{"amount", amount.value()}, {"unit", unit}, {"pubkey", owner.hex()}});
}

std::string mint_body(std::string_view quote, std::span<const BlindedMessage> outputs,
                      const crypto::SchnorrSignature& signature) {
  return to_text(
      {{"quote", quote}, {"outputs", outputs_json(outputs)}, {"signature", to_hex(signature)}});
}

std::string melt_quote_body(std::string_view invoice, std::string_view unit) {
  return to_text({{"request", invoice}, {"unit", unit}});
}

SpendingBody melt_body(std::string_view quote, std::span<const Proof> inputs,
                       std::span<const BlindedMessage> blanks, bool prefer_async) {
  Json out{{"quote", quote}, {"inputs", inputs_json(inputs)}};
  if (!blanks.empty()) out["outputs"] = outputs_json(blanks);
  if (prefer_async) out["prefer_async"] = true;
  return SpendingBody(to_text(out));
}

std::string state_body(std::span<const crypto::Point> ys) {
  Json list = Json::array();
  for (const crypto::Point& y : ys) list.push_back(y.hex());
  return to_text({{"Ys", std::move(list)}});
}

std::string restore_body(std::span<const BlindedMessage> outputs) {
  return to_text({{"outputs", outputs_json(outputs)}});
}

}  // namespace archy::cashu
