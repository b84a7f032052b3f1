// What is remembered of the way from one mint to another, for sums of one size: whether it worked,
// how long it took and what it cost. What is old counts less: weights halve every six hours. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cashu/amount.hpp"

namespace archy::wallet {

// Sums of one size: those with the same number of binary digits.
using SizeBucket = std::uint8_t;
SizeBucket bucket_of(cashu::Amount amount);

// Units of weights: thousandths of one swap.
struct Route {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::uint32_t in_a_row = 0;                                // failures since the last success
  std::int64_t usual_ms = 0;                                 // from the payment to the ecash
  std::uint64_t usual_fee_ppm = 0;                           // of the amount
  cashu::Amount most_done = {};                              // the largest sum that arrived
  std::optional<cashu::Amount> least_failed = std::nullopt;  // the smallest that did not, lately
  std::int64_t left_until_ms = 0;  // nothing is tried before. Units: since 1970
  std::string last_note = {};      // for people
  std::int64_t changed_ms = 0;     // that the weights are of
};

// The weights as they are now.
Route aged(Route route, std::int64_t now_ms);
// Errors of none: numbers saturate.
void note_arrival(Route& route, cashu::Amount amount, cashu::Amount fee, std::int64_t took_ms,
                  std::int64_t now_ms);
// Left alone for 30 seconds, twice as long with each further failure, an hour at most.
void note_failure(Route& route, cashu::Amount amount, std::string why, std::int64_t now_ms);
// It arrived, and cost more than it was to cost at most.
void note_overcharge(Route& route, std::string why, std::int64_t now_ms);

bool is_left_alone(const Route& route, std::int64_t now_ms);
// It has worked lately, and more often than not.
bool is_proven(const Route& route, std::int64_t now_ms);
// How likely it is to work. Range: 0 to 1000; 500: nothing is known.
std::uint32_t target_liquidity_score(const Route& route, std::int64_t now_ms);

}  // namespace archy::wallet
