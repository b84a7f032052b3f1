// `archy/paid-blobs/1`: one bidirectional stream a question. Each side writes one frame, a u32
// length (little-endian) and that many bytes of JSON, then FIN. Pure. Page:
// doc/formats/paid-blobs.md.
//
//   {"want":"<hash, 64 hex>"}                       or with "token":"cashuB..."
//   "Granted"
//   {"PaymentRequired":{"price_sats":21,"accepted_mints":["https://mint.example"]}}
//   {"Denied":{"reason":"..."}}
//
// More fields may stand in every object and are for those who know them. An answer is given them
// only where the question had "v": strict readers of the minimal form never meet {"Granted":{...}}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "base/secret.hpp"
#include "streaming/gate.hpp"

namespace archy::paid {

inline constexpr std::string_view kAlpn = "archy/paid-blobs/1";
inline constexpr std::size_t kFrameBytes = 64u << 10;  // of JSON

struct PaidRequest {
  Blake3Hash want;
  std::optional<Secret<std::string>> token = std::nullopt;
  // --- extra
  std::optional<std::uint64_t> version = std::nullopt;  // "v": 1; none: the minimal form
  std::optional<std::string> quote = std::nullopt;      // of the answer that it pays
  std::optional<std::uint64_t> bytes = std::nullopt;    // that are to be bought; none: all of it
};

struct Granted {
  std::optional<streaming::Receipt> receipt = std::nullopt;
};
struct PaymentRequired {
  std::uint64_t price_sats = 0;
  std::vector<std::string> accepted_mints;
  // --- extra
  std::optional<std::string> quote = std::nullopt;
  std::optional<std::uint64_t> expires_in_s = std::nullopt;  // at most 120
  std::optional<streaming::Price> terms =
      std::nullopt;  // "step_bytes", "sats_per_step", "min_steps"
  std::optional<streaming::Receipt> receipt = std::nullopt;  // of a token that was too little
};
struct Denied {
  std::string reason;      // one printable line, at most 200 characters
  bool try_later = false;  // extra
};
using PaidAnswer = std::variant<Granted, PaymentRequired, Denied>;

// Without the length. Errors of the readers: bad_input (also: a key twice, deeper than 8, not
// UTF-8, a number that is no whole one); bad lists: more than 64 mints, a URL above 2048.
Result<PaidRequest> parse_request(std::string_view json);
Secret<std::string> to_json(const PaidRequest& request);
Result<PaidAnswer> parse_answer(std::string_view json);
// `extras`: the question had "v".
std::string to_json(const PaidAnswer& answer, bool extras);

}  // namespace archy::paid
