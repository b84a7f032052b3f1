// A value that cannot be printed: no formatter, no stream operator, no implicit conversion, wiped
// at the end: plain values as they are, strings and vectors where their elements stand.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace archy {

template <class T>
class Secret {
 public:
  explicit Secret(T value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() {
    if constexpr (std::is_trivially_copyable_v<T>) {
      wipe(&value_, sizeof(T));
    } else {
      wipe(value_.data(), value_.size() * sizeof(*value_.data()));
    }
  }
  // The one way in; grep for it to see every use of a secret.
  const T& reveal() const { return value_; }

 private:
  static void wipe(void* from, std::size_t size) {
    auto* p = static_cast<volatile unsigned char*>(from);
    for (std::size_t i = 0; i < size; ++i) p[i] = 0;
  }

  T value_;
};

}  // namespace archy
