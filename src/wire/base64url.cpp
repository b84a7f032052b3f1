#include "wire/base64url.hpp"

namespace archy::wire {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

}  // namespace

std::string to_base64url(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() * 8 + 5) / 6);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0x3fff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(kAlphabet[bits >> held & 63]);
    }
  }
  if (held > 0) out.push_back(kAlphabet[bits << (6 - held) & 63]);
  return out;
}

Result<Bytes> from_base64url(std::string_view text) {
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) return fail(Code::bad_input, "base64 with wrong padding");
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  if (text.size() % 4 == 1) return fail(Code::bad_input, "base64 of an impossible length");
  Bytes out;
  out.reserve(text.size() * 6 / 8);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char c : text) {
    const int value = digit(c);
    if (value < 0) return fail(Code::bad_input, "not base64url");
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0x3fff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  if ((bits & ((1u << held) - 1)) != 0) return fail(Code::bad_input, "base64 with bits left over");
  return out;
}

}  // namespace archy::wire
