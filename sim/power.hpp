// Power-loss images: a standard workload of the store is recorded once, then cut at many points,
// each time with another part of what was not synced lost or torn; every image is opened with the
// product's own code and judged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/outcome.hpp"

namespace archy::sim {

// What the program was told is safe, and since when (an index into the recording).
struct Promise {
  enum class Kind : unsigned char { imported, held, named, removed, in_place, handed_over };
  Kind kind{};
  std::size_t truth = 0;  // index into Recording::truths
  std::size_t since = 0;
  std::size_t until = ~std::size_t{0};  // a removal began
  std::uint64_t bytes = 0;              // held: how many of the first bytes
};

struct Recording;

class PowerLoss {
 public:
  // Runs and records the workload.
  explicit PowerLoss(std::uint64_t seed);
  ~PowerLoss();
  PowerLoss(const PowerLoss&) = delete;

  std::size_t operations() const;
  std::size_t syncs() const;
  std::size_t promises() const;
  // Why the workload itself failed; empty: it did not.
  const std::string& failure() const { return failure_; }
  // Builds and judges image number `n`; what is wrong goes into `outcome`.
  void judge(std::uint64_t n, Outcome& outcome) const;

 private:
  std::uint64_t seed_;
  std::unique_ptr<Recording> recording_;
  std::string failure_;
};

}  // namespace archy::sim
