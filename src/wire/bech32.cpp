#include "wire/bech32.hpp"

#include <algorithm>

namespace archy::wire {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksum = 6;

class Checksum {
 public:
  void add(std::uint8_t group) {
    constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                            0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ffffff) << 5 ^ group;
    for (unsigned i = 0; i < 5; ++i) {
      if ((top >> i & 1) != 0) state_ ^= kGenerator[i];
    }
  }
  void add_prefix(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) >> 5));
    add(0);
    for (const char c : prefix) add(static_cast<std::uint8_t>(c & 31));
  }
  std::uint32_t state() const { return state_; }

 private:
  std::uint32_t state_ = 1;
};

std::unexpected<Error> wrong(const char* what) { return fail(Code::bad_input, what); }

}  // namespace

Result<Bech32> parse_bech32(std::string_view text) {
  const bool lower = std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  const bool upper = std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (lower && upper) return wrong("bech32 of mixed case");
  std::string word(text);
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto separator = word.rfind('1');
  if (separator == std::string::npos || separator == 0) return wrong("bech32 without a prefix");
  Bech32 out;
  out.prefix = word.substr(0, separator);
  if (std::ranges::any_of(out.prefix, [](char c) { return c < 33 || c > 126; })) {
    return wrong("bech32 with a prefix that is not ASCII");
  }
  Checksum checksum;
  checksum.add_prefix(out.prefix);
  for (const char c : std::string_view(word).substr(separator + 1)) {
    const auto group = kAlphabet.find(c);
    if (group == std::string_view::npos) return wrong("not bech32");
    out.groups.push_back(static_cast<std::uint8_t>(group));
    checksum.add(out.groups.back());
  }
  if (out.groups.size() < kChecksum || checksum.state() != 1) return wrong("bech32 checksum");
  out.groups.resize(out.groups.size() - kChecksum);
  return out;
}

std::string to_string(const Bech32& value) {
  Checksum checksum;
  checksum.add_prefix(value.prefix);
  std::string out = value.prefix + "1";
  for (const std::uint8_t group : value.groups) {
    checksum.add(group);
    out += kAlphabet[group];
  }
  for (std::size_t i = 0; i < kChecksum; ++i) checksum.add(0);
  const std::uint32_t end = checksum.state() ^ 1;
  for (std::size_t i = kChecksum; i-- > 0;) out += kAlphabet[end >> (5 * i) & 31];
  return out;
}

Bytes packed_groups(std::span<const std::uint8_t> groups) {
  Bytes out;
  out.reserve(groups.size() * 5 / 8);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint8_t group : groups) {
    bits = (bits << 5 | group) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  return out;
}

}  // namespace archy::wire
