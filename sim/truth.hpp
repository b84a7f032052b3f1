// What a blob really is: the oracle every reader's output is compared with, and what honest and
// lying peers serve from.
#pragma once

#include <memory>

#include "bao/reader.hpp"
#include "base/fixed_bytes.hpp"
#include "sim/random.hpp"

namespace archy::sim {

struct Truth {
  Bytes bytes;
  Bytes outboard;  // pre-order pairs, as <url>.obao4
  Blake3Hash hash;
  Sha256Digest sha256;

  static Truth of(Bytes bytes);
  // Random content of `size` bytes.
  static Truth random(SeededRandom& random, std::size_t size);
};

// Lifetime: the truth outlives it.
class TruthReader final : public bao::Reader {
 public:
  explicit TruthReader(const Truth& truth) : truth_(truth) {}
  Result<ByteView> data(std::uint64_t offset, std::size_t length) override;
  Result<bao::Pair> pair(std::uint64_t pair_index) override;

 private:
  const Truth& truth_;
};

}  // namespace archy::sim
