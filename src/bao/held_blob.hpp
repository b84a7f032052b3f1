// A blob in memory with its outboard, as a Reader whose bytes and pairs can be damaged or taken
// away. For tests, fuzzers and benches only.
#pragma once

#include <algorithm>
#include <set>

#include "bao/outboard.hpp"
#include "bao/reader.hpp"

namespace archy::bao {

// Byte i = i mod 251, as in the published vectors.
inline Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}

class HeldBlob : public Reader {
 public:
  explicit HeldBlob(Bytes data) : bytes(std::move(data)) {
    outboard.resize(Tree(bytes.size()).outboard_bytes());
    OutboardBuilder builder(bytes.size(), [this](std::uint64_t first, ByteView pairs) {
      std::ranges::copy(pairs, outboard.begin() + static_cast<std::ptrdiff_t>(first * kPairBytes));
      return Result<>{};
    });
    // The sink never fails and the size is right.
    (void)builder.update(bytes);
    root = builder.finish().value();
  }
  std::uint64_t size() const { return bytes.size(); }

  Result<ByteView> data(std::uint64_t offset, std::size_t length) override {
    for (std::uint64_t group : missing_groups) {
      const std::uint64_t begin = group * kGroupBytes;
      if (offset < begin + kGroupBytes && begin < offset + length)
        return fail(Code::not_found, "that group is not held");
    }
    if (offset > bytes.size() || length > bytes.size() - offset)
      return fail(Code::io, "read past the end");
    return ByteView(bytes).subspan(offset, length);
  }
  Result<Pair> pair(std::uint64_t pair_index) override {
    if (missing_pairs.contains(pair_index)) return fail(Code::not_found, "no such pair");
    if ((pair_index + 1) * kPairBytes > outboard.size()) return fail(Code::io, "no such pair");
    Pair out;
    std::copy_n(outboard.begin() + static_cast<std::ptrdiff_t>(pair_index * kPairBytes), kPairBytes,
                out.begin());
    return out;
  }

  Bytes bytes;
  Bytes outboard;
  Blake3Hash root;
  std::set<std::uint64_t> missing_groups;
  std::set<std::uint64_t> missing_pairs;
};

}  // namespace archy::bao
