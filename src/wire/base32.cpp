#include "wire/base32.hpp"

#include <array>

namespace archy::wire {
namespace {

constexpr std::string_view kRfc4648 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kZooko = "ybndrfg8ejkmcpqxot1uwisza345h769";

using Table = std::array<std::int8_t, 256>;

consteval Table make_table(std::string_view alphabet, bool any_case) {
  Table table{};
  for (auto& slot : table) slot = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    const char c = alphabet[i];
    table[static_cast<std::uint8_t>(c)] = static_cast<std::int8_t>(i);
    if (any_case && c >= 'a' && c <= 'z') {
      table[static_cast<std::uint8_t>(c - 'a' + 'A')] = static_cast<std::int8_t>(i);
    }
  }
  return table;
}

constexpr Table kRfc4648Table = make_table(kRfc4648, true);
constexpr Table kZookoTable = make_table(kZooko, false);

std::string encode(ByteView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xfff;
    held += 8;
    while (held >= 5) {
      held -= 5;
      out.push_back(alphabet[bits >> held & 31]);
    }
  }
  if (held > 0) out.push_back(alphabet[bits << (5 - held) & 31]);
  return out;
}

Result<Bytes> decode(std::string_view text, const Table& table) {
  const std::size_t tail = text.size() % 8;
  if (tail == 1 || tail == 3 || tail == 6)
    return fail(Code::bad_input, "base32 of an impossible length");
  Bytes out;
  out.reserve(text.size() * 5 / 8);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char c : text) {
    const std::int8_t value = table[static_cast<std::uint8_t>(c)];
    if (value < 0) return fail(Code::bad_input, "not base32");
    bits = (bits << 5 | static_cast<std::uint32_t>(value)) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  if ((bits & ((1u << held) - 1)) != 0) return fail(Code::bad_input, "base32 with bits left over");
  return out;
}

}  // namespace

std::string to_base32(ByteView bytes) { return encode(bytes, kRfc4648); }
Result<Bytes> from_base32(std::string_view text) { return decode(text, kRfc4648Table); }
std::string to_zbase32(ByteView bytes) { return encode(bytes, kZooko); }
Result<Bytes> from_zbase32(std::string_view text) { return decode(text, kZookoTable); }

}  // namespace archy::wire
