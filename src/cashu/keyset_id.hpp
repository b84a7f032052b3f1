// The name of a keyset, and how it follows from the keys. Source: NUT-02.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::cashu {

class KeysetId {
 public:
  enum class Version : unsigned char {
    v1,        // 00 and 7 bytes
    v2,        // 01 and 32 bytes
    v2_short,  // the first 8 bytes of a v2 id, as tokens carry it
    legacy,    // 12 characters of base64: nothing but a name
  };

  // Hex in lower case, or the legacy form. Errors: unsupported: version 3 (BLS12-381) and what is
  // unknown; bad_input: no id at all.
  static Result<KeysetId> parse(std::string_view text);
  // 8 or 33 bytes, as in a V4 token. Errors: as parse.
  static Result<KeysetId> from_bytes(ByteView bytes);

  Version version() const { return version_; }
  bool is_short() const { return version_ == Version::v2_short; }
  const std::string& text() const { return text_; }
  // Requires: not legacy.
  Bytes bytes() const;
  // What a V4 token carries: a v2 id cut to 8 bytes, others as they are.
  KeysetId shortened() const;
  // The number that stands for a v1 id in NUT-13's path. Requires: v1.
  std::uint32_t path_number() const;

  auto operator<=>(const KeysetId& other) const { return text_ <=> other.text_; }
  bool operator==(const KeysetId& other) const { return text_ == other.text_; }

 private:
  KeysetId(std::string text, Version version) : text_(std::move(text)), version_(version) {}

  std::string text_;
  Version version_;
};

// Whether NUT-13 makes the same secrets for both: then a wallet that uses one must refuse the
// other, whichever mint it is of.
bool share_derived_secrets(const KeysetId& a, const KeysetId& b);

// The one id among `known` that a short id stands for; any other id is itself. Errors: not_found:
// none (ask the mint for its list once, then give up); bad_input: more than one.
Result<KeysetId> expand(const KeysetId& id, std::span<const KeysetId> known);

}  // namespace archy::cashu
