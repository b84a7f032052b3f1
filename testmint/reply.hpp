// What a mint answers, and how it says no.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace archy::testmint {

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// A NUT's error code with status 400; none where no NUT has one: a body of another shape (422), a
// place that is not there (404), our own disk (500).
struct Refusal {
  int status = 400;
  std::optional<std::uint32_t> code;
  std::string detail;

  Refusal(std::uint32_t nut_code, std::string why) : code(nut_code), detail(std::move(why)) {}
  Refusal(int http_status, std::string why) : status(http_status), detail(std::move(why)) {}
  // TRY carries what the book met on to the client.
  Refusal(const Error& error) : status(500), detail(to_string(error)) {}
};

template <class T = void>
using Answer = Result<T, Refusal>;

// Codes that are used here. Source: the error codes of the NUTs.
namespace nut {
inline constexpr std::uint32_t kBadProof = 10001;
inline constexpr std::uint32_t kSpent = 11001;
inline constexpr std::uint32_t kInputsPending = 11002;
inline constexpr std::uint32_t kSigned = 11003;
inline constexpr std::uint32_t kOutputsPending = 11004;
inline constexpr std::uint32_t kUnbalanced = 11005;
inline constexpr std::uint32_t kOutsideLimits = 11006;
inline constexpr std::uint32_t kInputTwice = 11007;
inline constexpr std::uint32_t kOutputTwice = 11008;
inline constexpr std::uint32_t kAmountless = 11011;
inline constexpr std::uint32_t kUnit = 11013;
inline constexpr std::uint32_t kTooManyInputs = 11014;
inline constexpr std::uint32_t kTooManyOutputs = 11015;
inline constexpr std::uint32_t kKeysetUnknown = 12001;
inline constexpr std::uint32_t kKeysetInactive = 12002;
inline constexpr std::uint32_t kKeysetExpired = 12003;
inline constexpr std::uint32_t kNotPaid = 20001;
inline constexpr std::uint32_t kIssued = 20002;
inline constexpr std::uint32_t kDisabled = 20003;
inline constexpr std::uint32_t kPaymentFailed = 20004;
inline constexpr std::uint32_t kQuotePending = 20005;
inline constexpr std::uint32_t kInvoicePaid = 20006;
inline constexpr std::uint32_t kQuoteExpired = 20007;
inline constexpr std::uint32_t kQuoteSignatureWrong = 20008;
inline constexpr std::uint32_t kQuoteSignatureMissing = 20009;
inline constexpr std::uint32_t kUnknown = 50000;  // cdk's word for what has no code: no such quote
}  // namespace nut

}  // namespace archy::testmint

namespace archy {
// TRY on an Answer.
inline std::unexpected<testmint::Refusal> fail(testmint::Refusal refusal) {
  return std::unexpected<testmint::Refusal>(std::move(refusal));
}
}  // namespace archy
