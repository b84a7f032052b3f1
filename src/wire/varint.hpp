// LEB128 integers as postcard writes them: 7 bits a byte, low group first, top bit set on all but
// the last. Source: postcard wire format, "varint(N)".
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::wire {

struct Varint {
  std::uint64_t value = 0;
  std::size_t length = 0;  // bytes it took
};

// Reads one varint of at most `bits` (16, 32 or 64) at the front of `in`. None: the bytes so far
// are a proper prefix, more are needed. Overlong forms within the length limit (3, 5 or 10 bytes)
// are read, as postcard reads them. Errors: bad_input when it is longer, or does not fit.
Result<std::optional<Varint>> read_varint(ByteView in, unsigned bits = 64);
void append_varint(Bytes& out, std::uint64_t value);
std::size_t varint_length(std::uint64_t value);

}  // namespace archy::wire
