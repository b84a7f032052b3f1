// What a receiver asks for, as one word: amount, unit, mints, how to hand the ecash over, and a
// lock that it must carry. Source: NUT-18.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cashu/amount.hpp"

namespace archy::cashu {

struct Transport {
  std::string type;    // "nostr", "post", or what is not known here
  std::string target;  // nprofile, URL
  std::vector<std::vector<std::string>> tags;
  bool operator==(const Transport&) const = default;
};

// NUT-10's kind, data and tags, without a nonce: the payer makes one for each proof.
struct RequestedLock {
  std::string kind;
  std::string data;
  std::vector<std::vector<std::string>> tags;
  bool operator==(const RequestedLock&) const = default;
};

struct PaymentRequest {
  std::optional<std::string> id = std::nullopt;
  std::optional<Amount> amount = std::nullopt;
  std::optional<std::string> unit = std::nullopt;  // there when the amount is
  bool single_use = false;
  std::vector<std::string> mints;  // URLs without a slash at the end; empty: any mint
  std::optional<std::string> description = std::nullopt;
  std::vector<Transport> transports;  // empty: the answer goes where the request came from
  std::optional<RequestedLock> lock = std::nullopt;
  bool operator==(const PaymentRequest&) const = default;
};

inline constexpr std::size_t kPaymentRequestBytes = 65536;

// creqA..., in either alphabet of base64. What a mint's name or a transport says is not judged
// here. Errors: bad_input, with the reason; unsupported: a later form.
Result<PaymentRequest> parse_payment_request(std::string_view text);
std::string to_string(const PaymentRequest& request);

}  // namespace archy::cashu
