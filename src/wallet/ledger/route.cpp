#include "wallet/ledger/route.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace archy::wallet {
namespace {

using cashu::Amount;

constexpr std::uint64_t kOne = 1000;
constexpr std::uint64_t kMostWeight = 1'000'000'000'000;
constexpr std::int64_t kHalfLifeMs = std::int64_t{6} * 3600 * 1000;
constexpr std::int64_t kFirstRestMs = 30'000;
constexpr std::int64_t kLongestRestMs = 3'600'000;
constexpr std::uint64_t kMillion = 1'000'000;

// However far apart two clocks are.
std::int64_t between(std::int64_t then_ms, std::int64_t now_ms) {
  if (now_ms <= then_ms) return 0;
  const auto apart = static_cast<std::uint64_t>(now_ms) - static_cast<std::uint64_t>(then_ms);
  return static_cast<std::int64_t>(std::min<std::uint64_t>(apart, INT64_MAX));
}

std::uint64_t halved(std::uint64_t weight, std::int64_t age_ms) {
  const double halvings = static_cast<double>(age_ms) / static_cast<double>(kHalfLifeMs);
  // More swaps than this were never made.
  const auto most = static_cast<double>(std::min<std::uint64_t>(weight, kMostWeight));
  return static_cast<std::uint64_t>(std::lround(most * std::exp2(-halvings)));
}

// A quarter of the newest, three of what was before.
template <class T>
T blended(T before, T newest) {
  return before == 0 ? newest : static_cast<T>(before - before / 4 + newest / 4);
}

}  // namespace

SizeBucket bucket_of(Amount amount) {
  return static_cast<SizeBucket>(std::bit_width(amount.value()));
}

Route aged(Route route, std::int64_t now_ms) {
  const std::int64_t age_ms = between(route.changed_ms, now_ms);
  route.successes = halved(route.successes, age_ms);
  route.failures = halved(route.failures, age_ms);
  if (age_ms > kHalfLifeMs) route.least_failed.reset();
  route.changed_ms = std::max(now_ms, route.changed_ms);
  return route;
}

void note_arrival(Route& route, Amount amount, Amount fee, std::int64_t took_ms,
                  std::int64_t now_ms) {
  route = aged(std::move(route), now_ms);
  route.successes += kOne;
  route.in_a_row = 0;
  route.left_until_ms = 0;
  route.usual_ms = blended(route.usual_ms, std::max<std::int64_t>(took_ms, 1));
  const double ppm = amount == Amount(0) ? 0
                                         : static_cast<double>(fee.value()) * kMillion /
                                               static_cast<double>(amount.value());
  route.usual_fee_ppm = blended(
      route.usual_fee_ppm, static_cast<std::uint64_t>(std::min<double>(ppm, kMillion * kMillion)));
  route.most_done = std::max(route.most_done, amount);
  if (route.least_failed && *route.least_failed <= amount) route.least_failed.reset();
  route.last_note.clear();
}

void note_failure(Route& route, Amount amount, std::string why, std::int64_t now_ms) {
  route = aged(std::move(route), now_ms);
  route.failures += kOne;
  const std::int64_t rest_ms = kFirstRestMs << std::min(route.in_a_row, 10u);
  ++route.in_a_row;
  route.left_until_ms = now_ms + std::min(rest_ms, kLongestRestMs);
  route.least_failed = std::min(route.least_failed.value_or(amount), amount);
  route.last_note = std::move(why);
}

void note_overcharge(Route& route, std::string why, std::int64_t now_ms) {
  route = aged(std::move(route), now_ms);
  // One that takes more than it said is worse than one that fails.
  route.failures += 2 * kOne;
  route.last_note = std::move(why);
}

bool is_left_alone(const Route& route, std::int64_t now_ms) { return now_ms < route.left_until_ms; }

bool is_proven(const Route& route, std::int64_t now_ms) {
  const Route now = aged(route, now_ms);
  return now.successes >= kOne / 4 && now.successes > now.failures;
}

std::uint32_t target_liquidity_score(const Route& route, std::int64_t now_ms) {
  const Route now = aged(route, now_ms);
  const std::uint64_t all = now.successes + now.failures + 2 * kOne;
  return static_cast<std::uint32_t>((now.successes + kOne) * kOne / all);
}

}  // namespace archy::wallet
