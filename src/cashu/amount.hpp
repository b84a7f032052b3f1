// Sums of ecash. Every sum is checked: no number that a mint or a token names can wrap around.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace archy::cashu {

// Units: those of the keyset (sat, msat, cents), which stand beside it and never in it. All of 64
// bits: keysets go to 2^63.
class Amount {
 public:
  constexpr Amount() = default;
  constexpr explicit Amount(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  constexpr auto operator<=>(const Amount&) const = default;

  // Nothing when it does not fit (minus: when `other` is more).
  std::optional<Amount> plus(Amount other) const;
  std::optional<Amount> minus(Amount other) const;

 private:
  std::uint64_t value_ = 0;
};

// All the sat that there will ever be: whoever names more is wrong.
inline constexpr Amount kAllThereIs{2'100'000'000'000'000};

// Errors: bad_input when it does not fit.
Result<Amount> sum(std::span<const Amount> amounts);

// The powers of two that make up the amount, ascending: as outputs are ordered in a request.
std::vector<Amount> split(Amount amount);

// What a mint takes for a request with these inputs, given each one's input_fee_ppk: thousandths,
// rounded up once. Errors: bad_input when the sum does not fit. Source: NUT-02.
Result<Amount> input_fee(std::span<const std::uint64_t> ppk_of_each);

// How many blank outputs a melt offers so that any change up to `most` can be signed: one for each
// binary digit the change can have, 0 when there is none to come. Source: NUT-08.
std::size_t blank_outputs_for(Amount most);

// What a melt asks for and can give back.
struct MeltBill {
  Amount needed;       // the worst that it can cost: amount, fee reserve, input fee
  Amount most_change;  // inputs less amount and input fee: no reserve is taken off
  std::size_t blank_outputs = 0;
};
// Errors: payment_needed when the inputs are less than needed; bad_input when a sum does not fit.
Result<MeltBill> melt_bill(Amount inputs, Amount amount, Amount fee_reserve, Amount fee);

}  // namespace archy::cashu
