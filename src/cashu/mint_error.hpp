// What a mint's error code means for a request that it may have executed before. The text beside
// the code is for the log and decides nothing. Source: the error codes of the NUTs, and where
// mints differ from them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace archy::cashu {

enum class ErrorClass : unsigned char {
  definite,       // nothing was done for this request, and nothing will be for these bytes
  indeterminate,  // perhaps our own earlier sending of it was executed: ask and restore
  wait,           // not yet: the same request again, later
};

// What to do beside that.
enum class Remedy : unsigned char {
  none,
  quarantine_proofs,  // proofs that the mint does not take: not to be spent again
  restore_outputs,    // NUT-09: the signatures may be there already
  advance_counter,    // a request that was never sent before met outputs that were signed: the
                      // counter is behind
  split_request,      // fewer inputs or outputs at a time
  refresh_keysets,    // and then new outputs under rule R9, never before a restore came back empty
  check_quote,        // definite only when the quote says UNPAID and the inputs are UNSPENT
  new_quote,          // this one is too old; for a quote that was paid, retry and tell the operator
  ask_receiver,       // an invoice that is paid: perhaps by us
  tell_operator,      // our own mistake, or a setting of the mint
};

struct MintError {
  std::uint32_t code;
  std::string_view meaning;
  ErrorClass error_class;
  Remedy remedy;
};

// Every code that the table knows, ascending.
std::span<const MintError> mint_errors();

// A code that the table does not know (cdk's 50000, nutshell's 0 and 11000, NutMix's 99999) is
// indeterminate: it stands for many causes.
// `sent_before`: whether any earlier sending of these bytes may have reached the mint. Without one
// the indeterminate codes are definite: somebody else spent, or the counter is behind.
MintError classify(std::uint32_t code, bool sent_before);

}  // namespace archy::cashu
