#include "cashu/amount.hpp"

#include <bit>

#include "base/checked.hpp"

namespace archy::cashu {
namespace {

std::unexpected<Error> too_big() { return fail(Code::bad_input, "a sum beyond 64 bits"); }

}  // namespace

std::optional<Amount> Amount::plus(Amount other) const {
  const auto out = checked_add(value_, other.value_);
  if (!out) return std::nullopt;
  return Amount(*out);
}

std::optional<Amount> Amount::minus(Amount other) const {
  if (other.value_ > value_) return std::nullopt;
  return Amount(value_ - other.value_);
}

Result<Amount> sum(std::span<const Amount> amounts) {
  Amount total;
  for (const Amount amount : amounts) {
    const auto more = total.plus(amount);
    if (!more) return too_big();
    total = *more;
  }
  return total;
}

std::vector<Amount> split(Amount amount) {
  std::vector<Amount> out;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t part = std::uint64_t{1} << bit;
    if ((amount.value() & part) != 0) out.emplace_back(part);
  }
  return out;
}

Result<Amount> input_fee(std::span<const std::uint64_t> ppk_of_each) {
  std::uint64_t total = 0;
  for (const std::uint64_t ppk : ppk_of_each) {
    const auto more = checked_add(total, ppk);
    if (!more) return too_big();
    total = *more;
  }
  return Amount(total / 1000 + (total % 1000 == 0 ? 0 : 1));
}

std::size_t blank_outputs_for(Amount most) {
  if (most.value() == 0) return 0;
  if (most.value() == 1) return 1;
  return static_cast<std::size_t>(std::bit_width(most.value() - 1));
}

Result<MeltBill> melt_bill(Amount inputs, Amount amount, Amount fee_reserve, Amount fee) {
  const auto with_fee = amount.plus(fee);
  const auto needed = with_fee ? with_fee->plus(fee_reserve) : std::nullopt;
  if (!needed) return too_big();
  if (inputs < *needed) {
    return fail(Code::payment_needed, std::to_string(needed->value()) + " needed, " +
                                          std::to_string(inputs.value()) + " given");
  }
  const Amount change = *inputs.minus(*with_fee);
  return MeltBill{*needed, change, blank_outputs_for(change)};
}

}  // namespace archy::cashu
