// The pairs of one subtree of up to 1024 groups (16 MiB), folded from its groups' chaining values.
// In pre-order these pairs are contiguous, so they leave as one run. Private to bao.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bao/tree.hpp"
#include "base/bytes.hpp"

namespace archy::bao {

class PreorderRun {
 public:
  static constexpr std::uint64_t kMaxGroups = 1024;

  // Room for subtrees of up to `max_groups`. Requires: 0 < max_groups <= kMaxGroups.
  explicit PreorderRun(std::uint64_t max_groups);
  std::uint64_t max_groups() const { return max_groups_; }

  // Begins a subtree; its groups' values then come in order through next() until full().
  void begin(std::uint64_t groups);
  // Room for the next `n` values, to be filled by the caller. Requires: n <= missing().
  std::span<crypto::Cv> next(std::size_t n);
  std::size_t missing() const { return groups_ - filled_; }
  bool full() const { return filled_ == groups_; }

  // The subtree's value. Requires: full(). A subtree of one group keeps the value it was given.
  crypto::Cv fold(bool is_root);
  // After fold(): the pairs, 64 bytes each, in pre-order. Valid until begin().
  ByteView pairs() const { return ByteView(pairs_).first((groups_ - 1) * kPairBytes); }

 private:
  struct Layer {
    std::size_t begin = 0;  // in cvs_
    std::size_t count = 0;
  };
  void place(std::size_t height, std::size_t index);

  std::uint64_t max_groups_;
  std::size_t groups_ = 0;
  std::size_t filled_ = 0;
  std::vector<crypto::Cv> cvs_;  // layer after layer, the groups' own first
  std::array<Layer, 12> layers_{};
  Bytes pairs_;
  std::size_t placed_ = 0;
};

}  // namespace archy::bao
