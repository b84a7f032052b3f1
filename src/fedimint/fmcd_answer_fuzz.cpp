// Everything that fmcd may answer. Oracle: no amount beyond all money, no operation without a name,
// a spend in the log has its notes; a gateway's fee grows with the amount and is never below its
// base; a refusal is one printable line in which no word is long enough to be notes.
//
// covers: fedimint/fmcd_answers.cpp
#include <algorithm>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "fedimint/fmcd_answers.hpp"

namespace {

using namespace archy;
using fedimint::FmcdEntry;
using fedimint::Msat;

void check_entry(const FmcdEntry& entry) {
  CHECK(fedimint::is_fmcd_id(entry.operation));
  CHECK(entry.amount <= fedimint::kMostMsat);
  CHECK(!entry.fee || *entry.fee <= fedimint::kMostMsat);
  CHECK(entry.notes.has_value() == (entry.kind == FmcdEntry::Kind::spend));
  CHECK(!entry.notes || !entry.notes->reveal().empty());
  if (entry.kind == FmcdEntry::Kind::other || entry.kind == FmcdEntry::Kind::unreadable)
    CHECK(entry.outcome == FmcdEntry::Outcome::none);
}

void check_fees(const fedimint::FmcdGateway& gateway) {
  const auto less = gateway.fee_for(Msat(999'999));
  const auto more = gateway.fee_for(Msat(1'000'000));
  if (less && more) CHECK(*less <= *more && gateway.base <= *less);
  CHECK(!more || *more <= fedimint::kMostMsat);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string federation = "15db8cb4" + std::string(56, '7');
  const std::string_view text = as_text({data, size});
  if (const auto balance = fedimint::parse_fmcd_balance(text, federation))
    CHECK(*balance <= fedimint::kMostMsat);
  if (const auto gateways = fedimint::parse_fmcd_gateways(text))
    std::ranges::for_each(*gateways, check_fees);
  if (const auto invoice = fedimint::parse_fmcd_invoice(text))
    CHECK(fedimint::is_fmcd_id(invoice->operation) && !invoice->invoice.empty());
  (void)fedimint::parse_fmcd_receipt(text);
  if (const auto payment = fedimint::parse_fmcd_payment(text))
    CHECK(payment->fee <= fedimint::kMostMsat && !payment->preimage.empty());
  if (const auto notes = fedimint::parse_fmcd_notes(text)) CHECK(!notes->notes.reveal().empty());
  if (const auto prefix = fedimint::parse_fmcd_notes_prefix(text)) CHECK(prefix->size() == 8);
  if (const auto amount = fedimint::parse_fmcd_amount(text))
    CHECK(*amount > Msat(0) && *amount <= fedimint::kMostMsat);
  if (const auto log = fedimint::parse_fmcd_operations(text))
    std::ranges::for_each(*log, check_entry);
  if (const auto refusal = fedimint::parse_fmcd_refusal(text)) {
    std::size_t word = 0;
    for (const char c : refusal->message) {
      CHECK(c >= 0x20 && c < 0x7f);
      word = c == ' ' ? 0 : word + 1;
      CHECK(word <= 80);
    }
  }
  return 0;
}
