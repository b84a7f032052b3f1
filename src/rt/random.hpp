// Randomness as an argument. The real one is the operating system's; the simulated one is a seeded
// stream.
#pragma once

#include "base/bytes.hpp"

namespace archy::rt {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;

  std::uint64_t u64() {
    std::uint8_t b[8];
    fill(b);
    return load_u64_le(b);
  }
  // Uniform in [0, bound). Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
    for (;;) {
      const std::uint64_t v = u64();
      if (v < limit) return v % bound;
    }
  }
};

}  // namespace archy::rt
