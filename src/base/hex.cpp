#include "base/hex.hpp"

namespace archy {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::bad_input, "hex of odd length");
  Bytes out(text.size() / 2);
  TRY_OK(from_hex_into(text, out));
  return out;
}

Result<> from_hex_into(std::string_view text, MutableBytes out) {
  if (text.size() != out.size() * 2) return fail(Code::bad_input, "hex of the wrong length");
  for (char c : text) {
    if (digit(c) < 0) return fail(Code::bad_input, "not lowercase hex");
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
  }
  return {};
}

}  // namespace archy
