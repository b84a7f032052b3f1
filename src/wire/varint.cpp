#include "wire/varint.hpp"

namespace archy::wire {

Result<std::optional<Varint>> read_varint(ByteView in, unsigned bits) {
  const std::size_t longest = (bits + 6) / 7;
  const auto last_max = static_cast<std::uint8_t>((1u << (bits - 7 * (longest - 1))) - 1);
  Varint out;
  for (std::size_t i = 0; i < longest; ++i) {
    if (i == in.size()) return std::optional<Varint>{};
    const std::uint8_t byte = in[i];
    const bool last = i + 1 == longest;
    if (last && byte > last_max) return fail(Code::bad_input, "number does not fit");
    out.value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      out.length = i + 1;
      return std::optional<Varint>{out};
    }
  }
  return fail(Code::bad_input, "number does not fit");
}

void append_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

std::size_t varint_length(std::uint64_t value) {
  std::size_t n = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++n;
  }
  return n;
}

}  // namespace archy::wire
