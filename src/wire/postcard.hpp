// postcard, the one serializer of iroh's wire: fields back to back, integers as LEB128, lengths
// before contents. The reader walks a view and never allocates by a length it has not checked; the
// writer appends to Bytes. Source: postcard wire format 1.0.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"
#include "base/result.hpp"

namespace archy::wire {

// Lifetime: the view outlives the reader and everything it returns as a view.
// Errors of every call: bad_input (cut short, does not fit, above the limit). After an error the
// position is unspecified.
class PostcardReader {
 public:
  explicit PostcardReader(ByteView in) : rest_(in) {}

  Result<std::uint8_t> u8();
  // 00 or 01 only.
  Result<bool> boolean();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  // `length` raw bytes: arrays and fixed fields.
  Result<ByteView> raw(std::size_t length);
  // Byte string: length, bytes.
  Result<ByteView> byte_string(std::size_t most = std::numeric_limits<std::size_t>::max());
  // Byte string that is UTF-8.
  Result<std::string_view> string(std::size_t most = std::numeric_limits<std::size_t>::max());
  // Element count of a sequence whose elements take at least `element_bytes` each: a count that
  // what follows cannot hold is refused before anyone reserves memory for it. Requires:
  // element_bytes > 0.
  Result<std::size_t> count(std::size_t most, std::size_t element_bytes);
  // 32 raw bytes as hash or key.
  template <class T>
  Result<T> bytes32() {
    TRY(view, raw(32));
    return T::from(view);
  }

  ByteView rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }

 private:
  Result<std::uint64_t> number(unsigned bits);
  ByteView rest_;
};

class PostcardWriter {
 public:
  PostcardWriter& u8(std::uint8_t value);
  PostcardWriter& boolean(bool value);
  // u16, u32, u64, usize, enum variants and counts: all the same form.
  PostcardWriter& number(std::uint64_t value);
  PostcardWriter& raw(ByteView bytes);
  PostcardWriter& byte_string(ByteView bytes);
  PostcardWriter& string(std::string_view text) { return byte_string(as_bytes(text)); }
  Bytes take() { return std::move(out_); }
  const Bytes& bytes() const { return out_; }

 private:
  Bytes out_;
};

}  // namespace archy::wire
