#include "streaming/price.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "base/checked.hpp"

namespace archy::streaming {
namespace {

using Wide = unsigned __int128;

constexpr std::string_view kMetrics[] = {"bytes", "milliseconds", "requests"};

std::uint64_t milli_of(Amount amount) { return amount.value() * 1000; }  // fits: check()

}  // namespace

std::string_view to_string(Metric metric) { return kMetrics[static_cast<std::size_t>(metric)]; }

Result<Metric> parse_metric(std::string_view text) {
  const auto* found = std::ranges::find(kMetrics, text);
  if (found == std::end(kMetrics))
    return fail(Code::bad_input, "a metric is bytes, milliseconds or requests");
  return static_cast<Metric>(found - std::begin(kMetrics));
}

Result<> check(const Price& price) {
  if (price.metric > Metric::requests) return fail(Code::bad_input, "a metric that is none");
  if (price.step_size == 0) return fail(Code::bad_input, "a step of nothing");
  if (price.min_steps == 0) return fail(Code::bad_input, "a smallest purchase of no step");
  if (price.per_step > cashu::kAllThereIs)
    return fail(Code::bad_input, "a step for more than there is");
  const auto units = checked_mul(price.step_size, price.min_steps);
  const auto sat = checked_mul(price.per_step.value(), price.min_steps);
  if (!units || *units > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return fail(Code::bad_input, "a smallest purchase of more than there is");
  if (!sat || Amount(*sat) > cashu::kAllThereIs)
    return fail(Code::bad_input, "a smallest purchase for more than there is");
  return {};
}

Result<Amount> purchase_of(const Price& price, std::uint64_t units) {
  TRY_OK(check(price));
  const std::uint64_t whole =
      units / price.step_size + static_cast<std::uint64_t>(units % price.step_size != 0);
  const auto sat = checked_mul(std::max(whole, price.min_steps), price.per_step.value());
  if (!sat || Amount(*sat) > cashu::kAllThereIs)
    return fail(Code::bad_input, "it would cost more than there is");
  return Amount(*sat);
}

Result<Msat> cost_of(const Price& price, std::uint64_t units) {
  TRY_OK(check(price));
  const Wide product = Wide{units} * milli_of(price.per_step);
  const Wide cost = product / price.step_size + (product % price.step_size != 0 ? 1 : 0);
  if (cost > wallet::kMostMsat.value())
    return fail(Code::bad_input, "it would cost more than there is");
  return Msat(static_cast<std::uint64_t>(cost));
}

std::uint64_t units_for(const Price& price, Msat credit) {
  constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  if (!check(price)) return 0;
  if (price.per_step == Amount(0)) return kAll;
  const Wide most = Wide{std::min(credit, wallet::kMostMsat).value()} * price.step_size /
                    milli_of(price.per_step);
  return most > kAll ? kAll : static_cast<std::uint64_t>(most);
}

}  // namespace archy::streaming
