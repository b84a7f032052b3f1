#include "fedimint/fmcd_requests.hpp"

#include <nlohmann/json.hpp>

#include "cashu/json.hpp"
#include "fedimint/fmcd_answers.hpp"

namespace archy::fedimint {
namespace {

using cashu::Json;

Secret<std::string> secret_text(const Json& json) {
  return Secret<std::string>(cashu::to_text(json));
}

}  // namespace

std::string fmcd_receipt_path(std::string_view operation, std::string_view federation) {
  return "/v2/ln/operation/" + std::string(operation) +
         "/status?federationId=" + std::string(federation);
}

std::string fmcd_gateways_body(std::string_view federation) {
  return cashu::to_text(Json{{"federationId", federation}});
}

std::string fmcd_operations_body(std::string_view federation, std::size_t limit) {
  return cashu::to_text(Json{{"federationId", federation}, {"limit", limit}});
}

Secret<std::string> fmcd_invoice_body(std::string_view federation, Msat amount,
                                      std::string_view gateway, std::uint64_t expiry_s,
                                      std::string_view mark) {
  return secret_text(Json{{"amountMsat", amount.value()},
                          {"description", ""},
                          {"expiryTime", expiry_s},
                          {"gatewayId", gateway},
                          {"federationId", federation},
                          {"metadata", Json{{kFmcdMark, mark}}}});
}

Secret<std::string> fmcd_pay_body(std::string_view federation, std::string_view invoice,
                                  std::string_view gateway) {
  return secret_text(
      Json{{"paymentInfo", invoice}, {"gatewayId", gateway}, {"federationId", federation}});
}

Result<std::string> fmcd_gateway_of(const Secret<std::string>& pay_body) {
  const auto json = cashu::read_json(pay_body.reveal());
  if (!json) return fail(Code::corrupt, "a stored request that is no JSON");
  const auto id = cashu::string_member(*json, "gatewayId");
  if (!id) return fail(Code::corrupt, "a stored payment without a gateway");
  return *id;
}

Secret<std::string> fmcd_spend_body(std::string_view federation, Msat amount,
                                    std::uint64_t timeout_s) {
  // The exact amount or nothing: what was overpaid would be given away.
  return secret_text(Json{{"amountMsat", amount.value()},
                          {"allowOverpay", false},
                          {"timeout", timeout_s},
                          {"includeInvite", false},
                          {"federationId", federation}});
}

Secret<std::string> fmcd_notes_body(const Secret<std::string>& notes) {
  return secret_text(Json{{"notes", notes.reveal()}});
}

}  // namespace archy::fedimint
