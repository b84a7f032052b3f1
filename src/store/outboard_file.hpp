// A pre-order outboard in a file: written as runs come, compared with what a pass computes, read in
// windows. Never wholly in memory.
#pragma once

#include <array>

#include "bao/outboard.hpp"
#include "rt/files.hpp"

namespace archy::store {

// A sink that writes. Lifetime: `file` outlives it.
bao::PairSink write_pairs(rt::File& file);
// A sink that compares; sets `differs` at the first pair that is missing or another. Lifetime: both
// outlive it.
bao::PairSink compare_pairs(rt::File& file, bool& differs);

// Writes what the file holds again where it stands; see HeldGroupsScan::write_back. Holes stay.
Result<> write_back(rt::File& file);

// Pairs by index through a few windows: a large one that moves forwards with a scan, small ones for
// jumps. Thread: one at a time.
class PairWindows {
 public:
  // Errors: not_found (beyond the file's end, or all zeros: a hole), io.
  Result<bao::Pair> pair(rt::File& file, std::uint64_t index);
  void forget();

 private:
  static constexpr std::size_t kScanBytes = 64u << 10;
  static constexpr std::size_t kJumpBytes = 4u << 10;
  struct Window {
    std::uint64_t begin = 0;
    std::uint64_t last_use = 0;
    Bytes bytes;
  };
  std::array<Window, 6> windows_;
  std::uint64_t next_ = 0;  // where a scan would go on
  std::uint64_t uses_ = 0;
};

}  // namespace archy::store
