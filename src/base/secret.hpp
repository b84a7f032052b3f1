// A value that cannot be printed: no formatter, no stream operator, no implicit conversion, wiped
// at the end.
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
    volatile auto* p = reinterpret_cast<volatile unsigned char*>(&value_);
    if constexpr (std::is_trivially_copyable_v<T>) {
      for (std::size_t i = 0; i < sizeof(T); ++i) p[i] = 0;
    }
  }
  // The one way in; grep for it to see every use of a secret.
  const T& reveal() const { return value_; }

 private:
  T value_;
};

}  // namespace archy
