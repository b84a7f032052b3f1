// How much is bought at a time. Pure.
//
// An instalment is at most 10 MiB and at most 1 % of what may be paid for the blob, but no less
// than the seller's smallest purchase. What is paid for and not verified yet is never more than one
// instalment (a group aside), so that this is the most a seller can take and give nothing for.
#pragma once

#include <optional>

#include "paid/messages.hpp"
#include "streaming/payment_policy.hpp"

namespace archy::paid {

inline constexpr std::uint64_t kInstalmentBytes = 10u << 20;

// What a seller asks for, as he said it.
struct Terms {
  // None: all of it for one sum, as the minimal form has it.
  std::optional<streaming::Price> by_bytes;
  std::uint64_t smallest = 0;  // what the smallest purchase costs; of the minimal form: the sum
  std::vector<std::string> mints;
};

// Errors: bad_input: they are none: free, or sums that do not fit.
Result<Terms> terms_of(const PaymentRequired& required);
// Whether the second ask for more than the first for anything.
bool dearer(const Terms& first, const Terms& second);
// What `bytes` cost, the seller's steps counted; UINT64_MAX where that does not fit.
std::uint64_t price_of(const Terms& terms, std::uint64_t bytes);

struct Portion {
  std::uint64_t bytes = 0;  // UINT64_MAX: all of it
  std::uint64_t sats = 0;
};
// The next purchase, or none now. `needed`: bytes that are wanted and not paid for (none: not
// known); `ahead`: those that are paid for and did not come yet.
std::optional<Portion> next_portion(const Terms& terms, const streaming::PaymentPolicy& policy,
                                    std::optional<std::uint64_t> needed, std::uint64_t ahead);

}  // namespace archy::paid
