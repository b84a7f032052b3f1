#include "cashu/mint_error.hpp"

#include <algorithm>
#include <array>

namespace archy::cashu {
namespace {

using enum ErrorClass;
using enum Remedy;

constexpr auto kErrors = std::to_array<MintError>({
    {10001, "a proof does not verify", definite, quarantine_proofs},
    {10002, "outputs already signed (older)", indeterminate, restore_outputs},
    {10003, "a proof does not verify (older)", definite, quarantine_proofs},
    {11001, "inputs already spent", indeterminate, restore_outputs},
    {11002, "inputs pending", wait, none},
    {11003, "outputs already signed", indeterminate, restore_outputs},
    {11004, "outputs pending", wait, none},
    {11005, "inputs and outputs do not balance", definite, tell_operator},
    {11006, "amount outside the limits", definite, tell_operator},
    {11007, "the same input twice", definite, tell_operator},
    {11008, "the same output twice", definite, tell_operator},
    {11009, "inputs of several units", definite, tell_operator},
    {11010, "inputs and outputs of different units", definite, tell_operator},
    {11011, "invoices without amount are not taken", definite, none},
    {11012, "another amount than the invoice's", definite, none},
    {11013, "unit not supported", definite, none},
    {11014, "too many inputs", definite, split_request},
    {11015, "too many outputs", definite, split_request},
    {11016, "the same quote twice in a batch", definite, tell_operator},
    {11017, "batch too large", definite, split_request},
    {12001, "keyset unknown", definite, refresh_keysets},
    {12002, "keyset inactive", definite, refresh_keysets},
    {12003, "keyset expired", definite, refresh_keysets},
    {20001, "quote not paid", wait, none},
    {20002, "quote already issued", indeterminate, restore_outputs},
    {20003, "minting is disabled", wait, tell_operator},
    {20004, "the Lightning payment failed", definite, check_quote},
    {20005, "quote pending", wait, none},
    {20006, "invoice already paid", indeterminate, ask_receiver},
    {20007, "quote expired", definite, new_quote},
    {20008, "wrong signature for the quote", definite, tell_operator},
    {20009, "the quote asks for a signature", definite, tell_operator},
    {30001, "clear authentication required", definite, tell_operator},
    {30002, "clear authentication failed", definite, tell_operator},
    {31001, "blind authentication required", definite, tell_operator},
    {31002, "blind authentication failed", definite, tell_operator},
    {31003, "too many blind authentication tokens", definite, tell_operator},
    {31004, "blind authentication limit reached", definite, tell_operator},
    {80001, "clear authentication (nutshell)", definite, tell_operator},
    {81001, "blind authentication (nutshell)", definite, tell_operator},
});
static_assert(std::ranges::is_sorted(kErrors, std::ranges::less_equal{}, &MintError::code));

bool is_signed_already(std::uint32_t code) { return code == 11003 || code == 10002; }

}  // namespace

std::span<const MintError> mint_errors() { return kErrors; }

MintError classify(std::uint32_t code, bool sent_before) {
  const auto* const found = std::ranges::lower_bound(kErrors, code, {}, &MintError::code);
  if (found == kErrors.end() || found->code != code) {
    return {code, "a code that says nothing", indeterminate, restore_outputs};
  }
  MintError out = *found;
  if (sent_before || out.error_class != indeterminate) return out;
  out.error_class = definite;
  if (is_signed_already(code)) {
    out.remedy = advance_counter;
  } else if (code == 11001) {
    out.remedy = quarantine_proofs;
  }
  return out;
}

}  // namespace archy::cashu
