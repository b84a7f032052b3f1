// What is asked of fmcd, as one line of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wallet/issuer.hpp"

namespace archy::fedimint {

using wallet::Msat;

inline constexpr std::string_view kFmcdInfo = "/v2/admin/info";
inline constexpr std::string_view kFmcdOperations = "/v2/admin/operations";
inline constexpr std::string_view kFmcdGateways = "/v2/ln/gateways";
inline constexpr std::string_view kFmcdInvoice = "/v2/ln/invoice";
inline constexpr std::string_view kFmcdPay = "/v2/ln/pay";
inline constexpr std::string_view kFmcdSpend = "/v2/mint/spend";
inline constexpr std::string_view kFmcdDecode = "/v2/mint/decode-notes";
inline constexpr std::string_view kFmcdValidate = "/v2/mint/validate";
inline constexpr std::string_view kFmcdReissue = "/v2/mint/reissue";
// How an invoice of ours stands. Requires: both ids are is_fmcd_id.
std::string fmcd_receipt_path(std::string_view operation, std::string_view federation);

std::string fmcd_gateways_body(std::string_view federation);
// Newest first, `limit` of them: the daemon knows no other way to page.
std::string fmcd_operations_body(std::string_view federation, std::size_t limit);
Secret<std::string> fmcd_invoice_body(std::string_view federation, Msat amount,
                                      std::string_view gateway, std::uint64_t expiry_s,
                                      std::string_view mark);
Secret<std::string> fmcd_pay_body(std::string_view federation, std::string_view invoice,
                                  std::string_view gateway);
// Of a body made above. Errors: corrupt.
Result<std::string> fmcd_gateway_of(const Secret<std::string>& pay_body);
// `timeout_s`: when the daemon takes the notes back that nobody has redeemed.
Secret<std::string> fmcd_spend_body(std::string_view federation, Msat amount,
                                    std::uint64_t timeout_s);
// Of decode-notes, validate and reissue alike. The notes say which federation they are of.
Secret<std::string> fmcd_notes_body(const Secret<std::string>& notes);

}  // namespace archy::fedimint
