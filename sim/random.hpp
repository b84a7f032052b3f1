// The world's randomness: one 64-bit seed, split by label into independent streams, so that drawing
// more in one place does not shift what another place draws. Never used by anything that ships.
// Source: xoshiro256** 1.0 and SplitMix64 (Blackman, Vigna).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rt/random.hpp"

namespace archy::sim {

inline constexpr std::uint64_t kMillion = 1'000'000;

class SeededRandom final : public rt::Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(MutableBytes out) override;

  std::uint64_t next();
  // Units: parts per million.
  bool chance(std::uint64_t ppm) { return ppm != 0 && next() % kMillion < ppm; }
  // Uniform in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  // A stream of its own: the same label of the same parent state always gives the same stream.
  SeededRandom split(std::string_view label) const;

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace archy::sim
