#include "wire/postcard.hpp"

#include "base/utf8.hpp"
#include "wire/varint.hpp"

namespace archy::wire {

Result<std::uint64_t> PostcardReader::number(unsigned bits) {
  TRY(read, read_varint(rest_, bits));
  if (!read) return fail(Code::bad_input, "cut short");
  rest_ = rest_.subspan(read->length);
  return read->value;
}

Result<std::uint8_t> PostcardReader::u8() {
  if (rest_.empty()) return fail(Code::bad_input, "cut short");
  const std::uint8_t value = rest_[0];
  rest_ = rest_.subspan(1);
  return value;
}

Result<bool> PostcardReader::boolean() {
  TRY(value, u8());
  if (value > 1) return fail(Code::bad_input, "neither true nor false");
  return value == 1;
}

Result<std::uint16_t> PostcardReader::u16() {
  TRY(value, number(16));
  return static_cast<std::uint16_t>(value);
}
Result<std::uint32_t> PostcardReader::u32() {
  TRY(value, number(32));
  return static_cast<std::uint32_t>(value);
}
Result<std::uint64_t> PostcardReader::u64() { return number(64); }

Result<ByteView> PostcardReader::raw(std::size_t length) {
  if (length > rest_.size()) return fail(Code::bad_input, "cut short");
  const ByteView out = rest_.first(length);
  rest_ = rest_.subspan(length);
  return out;
}

Result<ByteView> PostcardReader::byte_string(std::size_t most) {
  TRY(length, number(64));
  if (length > most) return fail(Code::bad_input, "longer than allowed");
  if (length > rest_.size()) return fail(Code::bad_input, "cut short");
  return raw(static_cast<std::size_t>(length));
}

Result<std::string_view> PostcardReader::string(std::size_t most) {
  TRY(bytes, byte_string(most));
  if (!is_utf8(as_text(bytes))) return fail(Code::bad_input, "not UTF-8");
  return as_text(bytes);
}

Result<std::size_t> PostcardReader::count(std::size_t most, std::size_t element_bytes) {
  TRY(n, number(64));
  if (n > most) return fail(Code::bad_input, "more elements than allowed");
  if (n > rest_.size() / element_bytes) return fail(Code::bad_input, "cut short");
  return static_cast<std::size_t>(n);
}

PostcardWriter& PostcardWriter::u8(std::uint8_t value) {
  out_.push_back(value);
  return *this;
}
PostcardWriter& PostcardWriter::boolean(bool value) { return u8(value ? 1 : 0); }
PostcardWriter& PostcardWriter::number(std::uint64_t value) {
  append_varint(out_, value);
  return *this;
}
PostcardWriter& PostcardWriter::raw(ByteView bytes) {
  append(out_, bytes);
  return *this;
}
PostcardWriter& PostcardWriter::byte_string(ByteView bytes) {
  append_varint(out_, bytes.size());
  append(out_, bytes);
  return *this;
}

}  // namespace archy::wire
