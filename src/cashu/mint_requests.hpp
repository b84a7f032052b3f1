// Bodies of what is posted to a mint: the exact bytes that are stored before they are sent, and
// that every further sending repeats. What links a proof to its blinded message (DLEQ, r) or to its
// sender (p2pk_e) is in none of them. Source: NUT-03, 04, 05, 07, 08, 09, 20, 23.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "cashu/proof.hpp"
#include "crypto/schnorr.hpp"

namespace archy::cashu {

// One line of JSON. With inputs in it, whoever reads it can spend them.
using SpendingBody = Secret<std::string>;

// POST /v1/swap.
SpendingBody swap_body(std::span<const Proof> inputs, std::span<const BlindedMessage> outputs);

// POST /v1/mint/quote/bolt11: only who has `owner`'s number will be able to claim the quote.
std::string mint_quote_body(Amount amount, std::string_view unit, const crypto::Point& owner);
// POST /v1/mint/bolt11.
std::string mint_body(std::string_view quote, std::span<const BlindedMessage> outputs,
                      const crypto::SchnorrSignature& signature);

// POST /v1/melt/quote/bolt11.
std::string melt_quote_body(std::string_view invoice, std::string_view unit);
// POST /v1/melt/bolt11. prefer_async: the mint may answer PENDING at once and pay afterwards.
SpendingBody melt_body(std::string_view quote, std::span<const Proof> inputs,
                       std::span<const BlindedMessage> blanks, bool prefer_async);

// POST /v1/checkstate: proofs by their Y, which spends nothing.
std::string state_body(std::span<const crypto::Point> ys);
// POST /v1/restore.
std::string restore_body(std::span<const BlindedMessage> outputs);

}  // namespace archy::cashu
