// What a service asks for: so much a step of so many units. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "cashu/amount.hpp"
#include "wallet/issuer.hpp"

namespace archy::streaming {

using cashu::Amount;
using wallet::Msat;

// What a unit is.
enum class Metric : unsigned char { bytes, milliseconds, requests };
// Shape: the name. parse_metric errors: bad_input.
std::string_view to_string(Metric metric);
Result<Metric> parse_metric(std::string_view text);

struct Price {
  Metric metric = Metric::bytes;
  std::uint64_t step_size = 1u << 20;  // units of the metric, at least 1
  Amount per_step{};                   // 0: free
  std::uint64_t min_steps = 1;         // the smallest purchase

  auto operator<=>(const Price&) const = default;
};

// Errors: bad_input: a step of nothing, or sums that no account could hold.
Result<> check(const Price& price);

// What so many units cost when they are bought: whole steps, at least min_steps. 0 units: the
// smallest purchase. Errors: bad_input: it does not fit.
Result<Amount> purchase_of(const Price& price, std::uint64_t units);
// What so many delivered units take from an account, rounded up once, so that the sum over any
// cutting of a transfer is the same as long as the running total is what is asked for. Errors: as
// purchase_of.
Result<Msat> cost_of(const Price& price, std::uint64_t units);
// Most units whose cost_of is within `credit`. A free price: UINT64_MAX.
std::uint64_t units_for(const Price& price, Msat credit);

}  // namespace archy::streaming
