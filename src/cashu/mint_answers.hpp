// What a mint answers. Read strictly, and against what was asked: an answer that names another
// amount, another proof or an output that nobody asked for is a peer_fault, never a smaller error.
// Whether signatures are any good is decided in checked_proof.hpp.
// Source: NUT-02, 03, 04, 05, 07, 08, 09, 23.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cashu/keyset.hpp"
#include "cashu/proof.hpp"

namespace archy::cashu {

// Of GET /v1/keysets. The terms are the mint's words: what an id says of them, Keyset::make checks.
struct KeysetEntry {
  KeysetId id;
  KeysetTerms terms;
  bool active = false;
};
// Keysets of versions that are not supported are left out.
Result<std::vector<KeysetEntry>> parse_keysets_answer(std::string_view json);

// Of a swap and of a mint: the blind signatures, in the order of the outputs.
Result<std::vector<BlindSignature>> parse_signatures(std::string_view json);

enum class QuoteState : unsigned char {
  unpaid,
  pending,  // melt: the payment is on its way; mint: it is being signed (nutshell)
  paid,
  issued,   // mint only
  failed,   // melt only: said by some mints instead of unpaid
  unknown,  // another word
};

struct MintQuote {
  std::string id;
  std::string invoice;
  Amount amount;
  // Mintable is paid less issued. Mints that send no such sums have them made from the state.
  Amount paid, issued;
  QuoteState state = QuoteState::unknown;
  std::optional<std::uint64_t> expiry;      // until when it can be paid. Units: seconds since 1970
  std::optional<std::uint64_t> updated_at;  // an answer with a lower one is an old one
  std::optional<crypto::Point> owner;       // the key that the claim has to be signed with
};
// `asked`: what the quote was asked for. Errors: peer_fault also for another amount than this one,
// and for more issued than paid.
Result<MintQuote> parse_mint_quote(std::string_view json, Amount asked);

struct MeltQuote {
  std::string id;
  Amount amount;
  Amount fee_reserve;
  QuoteState state = QuoteState::unknown;
  std::optional<std::uint64_t> expiry;
  std::optional<std::string> preimage;  // as text: some mints send what is none
  std::vector<BlindSignature> change;   // to the blanks by their place
};
// Of a quote asked for or asked about, and of a melt.
Result<MeltQuote> parse_melt_quote(std::string_view json);

enum class SpendState : unsigned char { unspent, pending, spent };
// Of each Y, in the order asked. Errors: peer_fault also for another number or order of them.
Result<std::vector<SpendState>> parse_states(std::string_view json,
                                             std::span<const crypto::Point> asked);

// For each output that was asked about its signature, or nothing: that one was never signed. By B_,
// whatever the order. Errors: peer_fault also for an output that was not asked about, or twice.
Result<std::vector<std::optional<BlindSignature>>> parse_restored(
    std::string_view json, std::span<const BlindedMessage> asked);

// An error answer. None when it is no JSON with a code: then nothing is known (a proxy's page).
struct MintRefusal {
  std::uint32_t code = 0;
  std::string detail;  // at most 200 bytes; for the log, decides nothing
};
std::optional<MintRefusal> parse_refusal(std::string_view json);

}  // namespace archy::cashu
