// Reads numbers off a fuzzer's input, and damages an honest stream as the input says. For fuzzers
// only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace archy::bao {

class FuzzInput {
 public:
  explicit FuzzInput(ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  ByteView rest() const { return bytes_; }
  // Units: bytes read, little-endian; zeros after the end.
  std::uint64_t number(std::size_t width) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < width && !bytes_.empty(); ++i) {
      out |= static_cast<std::uint64_t>(bytes_.front()) << (8 * i);
      bytes_ = bytes_.subspan(1);
    }
    return out;
  }
  // Strictly increasing boundaries around a blob of `chunks`.
  std::vector<std::uint64_t> boundaries(std::uint64_t chunks) {
    std::vector<std::uint64_t> out;
    std::uint64_t at = 0;
    for (std::uint64_t n = number(1) % 7; n > 0; --n) {
      at += number(1) % (chunks + 3) + (out.empty() ? 0 : 1);
      out.push_back(at);
    }
    if (number(1) % 8 == 7) out.push_back(~std::uint64_t{0});
    return out;
  }
  // Up to 4 edits: flip, overwrite, insert, delete, truncate, extend, swap two pairs, lie about the
  // size.
  void damage(Bytes& stream) {
    for (std::uint64_t n = number(1) % 5; n > 0 && !stream.empty(); --n) {
      const std::uint64_t kind = number(1) % 8;
      const std::size_t at = static_cast<std::size_t>(number(3) % stream.size());
      const std::uint64_t value = number(2);
      const auto place = stream.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t room = stream.size() - at;
      switch (kind) {
        case 0:
          *place ^= static_cast<std::uint8_t>(1u << value % 8);
          break;
        case 1:
          *place = static_cast<std::uint8_t>(value);
          break;
        case 2:
          stream.insert(place, value % 70, static_cast<std::uint8_t>(value >> 8));
          break;
        case 3:
          stream.erase(place, place + static_cast<std::ptrdiff_t>(
                                          std::min<std::size_t>(room, value % 1100)));
          break;
        case 4:
          stream.resize(at);
          break;
        case 5:
          stream.resize(stream.size() + value % 2000, static_cast<std::uint8_t>(value));
          break;
        case 6:
          if (room >= 64) std::swap_ranges(place, place + 32, place + 32);
          break;
        case 7:
          if (stream.size() >= 8)
            store_u64_le(stream.data(), load_u64_le(stream.data()) + value - 0x8000);
          break;
      }
    }
  }

 private:
  ByteView bytes_;
};

}  // namespace archy::bao
