#include "streaming/quotes.hpp"

#include <algorithm>

#include "streaming/gate.hpp"

namespace archy::streaming {

std::string Quotes::new_id(rt::Random& random) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  return to_hex(bytes);
}

void Quotes::make_room(rt::Instant now) {
  if (quotes_.size() < kMostQuotes) return;
  std::erase_if(quotes_, [&](const auto& each) { return each.second.until <= now; });
  if (quotes_.size() < kMostQuotes) return;
  quotes_.erase(
      std::ranges::min_element(quotes_, {}, [](const auto& each) { return each.second.until; }));
}

std::string Quotes::name(const Scope& scope, const Price& terms, rt::Instant now,
                         rt::Random& random) {
  const rt::Instant until = now + std::chrono::milliseconds(kQuoteMs);
  const auto [first, last] = quotes_.equal_range(scope);
  for (auto each = first; each != last; ++each) {
    if (each->second.terms != terms || each->second.until <= now) continue;
    each->second.until = until;
    return each->second.id;
  }
  make_room(now);
  return quotes_.emplace(scope, Named{new_id(random), terms, until})->second.id;
}

Price Quotes::best(const Scope& scope, const Price& current, std::uint64_t units,
                   rt::Instant now) const {
  Price out = current;
  const auto cost = [&](const Price& terms) {
    const auto price = purchase_of(terms, units);
    return price ? *price : cashu::kAllThereIs;
  };
  const auto [first, last] = quotes_.equal_range(scope);
  for (auto each = first; each != last; ++each)
    if (each->second.until > now && each->second.terms.metric == current.metric &&
        cost(each->second.terms) < cost(out))
      out = each->second.terms;
  return out;
}

}  // namespace archy::streaming
