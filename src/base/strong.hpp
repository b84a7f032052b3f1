// A number with a name: counts, indices and sums that must not be added to each other by accident.
#pragma once

#include <compare>
#include <cstdint>

namespace archy {

template <class Tag, class Rep = std::uint64_t>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const Strong&) const = default;
  constexpr Strong operator+(Strong other) const { return Strong(value_ + other.value_); }
  constexpr Strong operator-(Strong other) const { return Strong(value_ - other.value_); }
  constexpr Strong& operator+=(Strong other) {
    value_ += other.value_;
    return *this;
  }

 private:
  Rep value_ = 0;
};

// A number of bytes. Units: bytes.
using ByteCount = Strong<struct ByteCountTag>;
// Index of a BLAKE3 chunk (1024 bytes) within a blob.
using ChunkIndex = Strong<struct ChunkIndexTag>;

}  // namespace archy
