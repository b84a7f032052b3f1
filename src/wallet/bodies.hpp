// The exact bytes that an operation is about to send.
#pragma once

#include "wallet/known_mint.hpp"
#include "wallet/outputs.hpp"

namespace archy::wallet {

// What the operation spends: its reserved proofs, or the proofs of the token that it receives.
Result<std::vector<cashu::Proof>> inputs_of(Books& books, const Operation& operation);

// Witnesses for the inputs that are locked to our key. Errors: denied: a lock that it does not
// open now.
Result<> unlock(const WalletKeys& keys, std::span<cashu::Proof> inputs,
                std::span<const cashu::BlindedMessage> outputs, std::uint64_t now_s);

// Of a swap of `inputs`; of the claim of a mint's quote.
Result<Draft> draft_swap(Books& books, const Operation& operation,
                         std::vector<PlannedOutput> outputs);
Result<Draft> draft_claim(Books& books, const Operation& operation,
                          std::vector<PlannedOutput> outputs);

// Where a quote is asked about.
std::string mint_quote_path(const Quote& quote);
std::string melt_quote_path(const Quote& quote);

inline constexpr std::string_view kSwapPath = "/v1/swap";
inline constexpr std::string_view kClaimPath = "/v1/mint/bolt11";
inline constexpr std::string_view kMeltPath = "/v1/melt/bolt11";

}  // namespace archy::wallet
