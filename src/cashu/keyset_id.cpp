#include "cashu/keyset_id.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/hex.hpp"

namespace archy::cashu {
namespace {

constexpr std::size_t kShortDigits = 16;
constexpr std::size_t kFullDigits = 66;
constexpr std::size_t kLegacyCharacters = 12;
constexpr std::uint64_t kPathModulus = 0x7fffffff;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_base64(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/' || c == '-' || c == '_';
  });
}

}  // namespace

Result<KeysetId> KeysetId::parse(std::string_view text) {
  if (text.size() == kLegacyCharacters && is_base64(text)) {
    return KeysetId(std::string(text), Version::legacy);
  }
  if (text.size() < kShortDigits || !is_hex(text)) return fail(Code::bad_input, "not a keyset id");
  const auto version = text.substr(0, 2);
  if (version == "02") {
    return fail(Code::unsupported, "a keyset of version 3 (BLS12-381), which is not supported");
  }
  if (version != "00" && version != "01") {
    return fail(Code::unsupported, "a keyset of an unknown version");
  }
  if (text.size() == kFullDigits && version == "01") {
    return KeysetId(std::string(text), Version::v2);
  }
  if (text.size() != kShortDigits) return fail(Code::bad_input, "not a keyset id");
  return KeysetId(std::string(text), version == "00" ? Version::v1 : Version::v2_short);
}

Result<KeysetId> KeysetId::from_bytes(ByteView bytes) {
  if (bytes.size() > kFullDigits) return fail(Code::bad_input, "not a keyset id");
  return parse(to_hex(bytes));
}

Bytes KeysetId::bytes() const {
  CHECK(version_ != Version::legacy);
  return from_hex(text_).value();
}

KeysetId KeysetId::shortened() const {
  if (version_ != Version::v2) return *this;
  return {text_.substr(0, kShortDigits), Version::v2_short};
}

std::uint32_t KeysetId::path_number() const {
  CHECK(version_ == Version::v1);
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes()) number = number << 8 | byte;
  return static_cast<std::uint32_t>(number % kPathModulus);
}

bool share_derived_secrets(const KeysetId& a, const KeysetId& b) {
  if (a == b) return true;
  return a.version() == KeysetId::Version::v1 && b.version() == KeysetId::Version::v1 &&
         a.path_number() == b.path_number();
}

Result<KeysetId> expand(const KeysetId& id, std::span<const KeysetId> known) {
  if (!id.is_short()) return id;
  const KeysetId* found = nullptr;
  for (const KeysetId& candidate : known) {
    if (candidate.version() != KeysetId::Version::v2 || !candidate.text().starts_with(id.text())) {
      continue;
    }
    if (found != nullptr && *found != candidate) {
      return fail(Code::bad_input, "a short keyset id that stands for more than one keyset");
    }
    found = &candidate;
  }
  if (found == nullptr) return fail(Code::not_found, "a keyset that the mint does not list");
  return *found;
}

}  // namespace archy::cashu
