// What fmcd answers. Read strictly where money depends on it; members that nobody needs are not
// looked at. Amounts are msat, below kMostMsat. Errors of all: bad_input, with what is wrong and no
// secret in it.
// Source: fmcd 0.8.0 and the operation log of the fedimint client 0.8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wallet/issuer.hpp"

namespace archy::fedimint {

using wallet::kMostMsat;
using wallet::Msat;

// Longest answer that is taken: a thousand operations with their notes. Units: bytes.
inline constexpr std::size_t kFmcdAnswerBytes = 16u << 20;

// What the daemon calls an operation, a federation. Shape: 64 lower-case hex digits.
bool is_fmcd_id(std::string_view text);

// GET /v2/admin/info. Errors also: not_found: the daemon is not in this federation.
Result<Msat> parse_fmcd_balance(std::string_view text, std::string_view federation);

struct FmcdGateway {
  std::string id;  // a compressed point in hex
  bool vetted = false;
  Msat base;
  std::uint64_t ppm = 0;  // of what is paid
  // What it takes for a payment, rounded up. None: more than kMostMsat.
  std::optional<Msat> fee_for(Msat amount) const;
};
// POST /v2/ln/gateways.
Result<std::vector<FmcdGateway>> parse_fmcd_gateways(std::string_view text);

// POST /v2/ln/invoice. The invoice is still to be judged.
struct FmcdInvoice {
  std::string operation;
  std::string invoice;
};
Result<FmcdInvoice> parse_fmcd_invoice(std::string_view text);

// GET /v2/ln/operation/ID/status. The amount that it names is no news, and wrong in 0.8.0.
enum class FmcdReceipt : unsigned char { waiting, claimed, canceled };
Result<FmcdReceipt> parse_fmcd_receipt(std::string_view text);

// POST /v2/ln/pay.
struct FmcdPayment {
  std::string operation;
  Msat fee;
  std::string preimage;
};
Result<FmcdPayment> parse_fmcd_payment(std::string_view text);

// POST /v2/mint/spend.
struct FmcdNotes {
  std::string operation;
  Secret<std::string> notes;
};
Result<FmcdNotes> parse_fmcd_notes(std::string_view text);

// POST /v2/mint/decode-notes: which federation they are of. Shape: the first 8 digits of its id.
Result<std::string> parse_fmcd_notes_prefix(std::string_view text);

// POST /v2/mint/validate and /v2/mint/reissue: what the notes are worth. Errors also: 0.
Result<Msat> parse_fmcd_amount(std::string_view text);

// One operation of the daemon's log.
struct FmcdEntry {
  enum class Kind : unsigned char { receive, pay, spend, reissue, other, unreadable };
  enum class Outcome : unsigned char { none, succeeded, failed };
  std::string operation;
  Kind kind = Kind::other;
  Outcome outcome = Outcome::none;           // none: not decided, or the daemon has not noted it
  std::string mark = {};                     // receive: of ours
  std::string invoice = {};                  // receive, pay
  Msat amount = {};                          // spend: as asked for; reissue: of the notes
  std::optional<Msat> fee = {};              // pay: the gateway's
  std::optional<std::string> preimage = {};  // pay
  std::optional<Secret<std::string>> notes = std::nullopt;  // spend
};
// The member of the metadata that holds our mark.
inline constexpr std::string_view kFmcdMark = "archipelago";
// POST /v2/admin/operations: newest first. An entry of a module that is neither Lightning nor mint
// is `other`; one of these that has a shape or a name nobody here knows is `unreadable`, since it
// could be ours.
Result<std::vector<FmcdEntry>> parse_fmcd_operations(std::string_view text);

// The daemon's own words for what it did not do. A body of another shape, or with a code that is
// none of fmcd's, is a proxy's, and says nothing about the request behind it.
struct FmcdRefusal {
  std::string code;     // "VALIDATION_ERROR"
  int status = 0;       // that fmcd sends with it; with another one it is not fmcd that speaks
  std::string message;  // one printable line, without words that could be notes
};
Result<FmcdRefusal> parse_fmcd_refusal(std::string_view text);

}  // namespace archy::fedimint
