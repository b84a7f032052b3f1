// The part of CBOR that tokens and payment requests are made of: unsigned numbers, byte and text
// strings, arrays, maps, booleans, null and undefined, all of definite length.
// Not here: negative numbers, floats, tags, indefinite lengths. Numbers need not be in the shortest
// form when read (nothing is hashed over them); they are when written. Source: RFC 8949.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::cashu {

class CborWriter {
 public:
  CborWriter& number(std::uint64_t value);
  CborWriter& bytes(ByteView value);
  CborWriter& text(std::string_view value);  // Requires: UTF-8
  CborWriter& array(std::size_t items);      // the items follow
  CborWriter& map(std::size_t pairs);        // the pairs follow, key first
  CborWriter& boolean(bool value);
  const Bytes& written() const { return out_; }

 private:
  void head(std::uint8_t major, std::uint64_t argument);

  Bytes out_;
};

// Reads from the front; a failed read leaves the reader useless. Views into the input.
// Errors of all: bad_input: another type, cut short, not UTF-8, more items than bytes are left.
class CborReader {
 public:
  explicit CborReader(ByteView in) : in_(in) {}

  Result<std::uint64_t> number();
  Result<ByteView> bytes();
  Result<std::string_view> text();
  Result<std::size_t> array();
  Result<std::size_t> map();
  Result<bool> boolean();
  // True, and past it, when null or undefined is next.
  bool take_nothing();
  // One item of any of the types above, whatever is in it, up to 16 deep.
  Result<> skip();
  bool at_end() const { return in_.empty(); }

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint64_t argument = 0;
  };
  Result<Head> head();
  Result<std::uint64_t> argument_of(std::uint8_t major);
  Result<ByteView> content(std::uint8_t major);
  Result<> skip_within(int depth);

  ByteView in_;
};

}  // namespace archy::cashu
