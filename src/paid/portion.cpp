#include "paid/portion.hpp"

#include <algorithm>

#include "bao/tree.hpp"

namespace archy::paid {
namespace {

constexpr std::uint64_t kAll = UINT64_MAX;
using Wide = unsigned __int128;

std::uint64_t steps_for(const streaming::Price& price, std::uint64_t bytes) {
  const std::uint64_t whole = bytes / price.step_size + (bytes % price.step_size != 0);
  return std::max(price.min_steps, whole);
}

std::uint64_t narrow(Wide value) { return value > kAll ? kAll : static_cast<std::uint64_t>(value); }

}  // namespace

Result<Terms> terms_of(const PaymentRequired& required) {
  Terms out{required.terms, required.price_sats, required.accepted_mints};
  if (required.price_sats == 0) return fail(Code::bad_input, "a price of nothing");
  if (!out.by_bytes) return out;
  const streaming::Price& price = *out.by_bytes;
  const Wide least = Wide(price.min_steps) * price.per_step.value();
  const Wide bytes = Wide(price.min_steps) * price.step_size;
  if (least == 0 || least > cashu::kAllThereIs.value() || bytes > kAll)
    return fail(Code::bad_input, "terms that are none");
  out.smallest = static_cast<std::uint64_t>(least);
  return out;
}

bool dearer(const Terms& first, const Terms& second) {
  if (second.by_bytes.has_value() != first.by_bytes.has_value()) return true;
  if (second.smallest > first.smallest) return true;
  if (!first.by_bytes) return false;
  return Wide(second.by_bytes->per_step.value()) * first.by_bytes->step_size >
         Wide(first.by_bytes->per_step.value()) * second.by_bytes->step_size;
}

std::uint64_t price_of(const Terms& terms, std::uint64_t bytes) {
  if (!terms.by_bytes) return terms.smallest;
  return narrow(Wide(steps_for(*terms.by_bytes, bytes)) * terms.by_bytes->per_step.value());
}

std::optional<Portion> next_portion(const Terms& terms, const streaming::PaymentPolicy& policy,
                                    std::optional<std::uint64_t> needed, std::uint64_t ahead) {
  if (needed && *needed == 0) return std::nullopt;
  if (!terms.by_bytes) {
    if (ahead > 0) return std::nullopt;
    return Portion{kAll, terms.smallest};
  }
  const streaming::Price& price = *terms.by_bytes;
  const std::uint64_t by_size = kInstalmentBytes / price.step_size;
  const std::uint64_t by_cap = policy.per_blob.value() / 100 / price.per_step.value();
  const std::uint64_t whole = std::max(price.min_steps, std::min(by_size, by_cap));
  const std::uint64_t bytes = narrow(Wide(whole) * price.step_size);
  std::uint64_t steps = whole;
  if (ahead >= bao::kGroupBytes) {
    if (ahead >= bytes / 2) return std::nullopt;
    steps = (bytes - ahead) / price.step_size;
  }
  if (steps < price.min_steps || steps == 0) return std::nullopt;
  if (needed) steps = std::min(steps, steps_for(price, *needed));
  return Portion{narrow(Wide(steps) * price.step_size),
                 narrow(Wide(steps) * price.per_step.value())};
}

}  // namespace archy::paid
