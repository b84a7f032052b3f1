#include "wire/id_text.hpp"

#include "wire/base32.hpp"

namespace archy::wire {
namespace {

constexpr std::size_t kHexLength = 64;
constexpr std::size_t kBase32Length = 52;

template <class T>
Result<T> parse(std::string_view text, std::string_view what) {
  if (text.size() == kHexLength) {
    auto parsed = T::parse_hex(text);
    if (!parsed) {
      return fail(Code::bad_input,
                  std::string(what) + ": 64 characters that are not lowercase hex");
    }
    return *parsed;
  }
  if (text.size() != kBase32Length) {
    return fail(Code::bad_input, std::string(what) +
                                     ": expected 64 hex or 52 base32 characters, not " +
                                     std::to_string(text.size()));
  }
  auto bytes = from_base32(text);
  if (!bytes) return fail_in(what, bytes.error());
  return T::from(*bytes);
}

}  // namespace

Result<EndpointId> parse_endpoint_id_text(std::string_view text) {
  return parse<EndpointId>(text, "endpoint id");
}

Result<Blake3Hash> parse_hash_text(std::string_view text) {
  return parse<Blake3Hash>(text, "hash");
}

Result<HashText> parse_hash_and_format(std::string_view text) {
  const bool hash_seq = text.size() == kHexLength + 1 && text[0] == 's';
  TRY(hash, parse_hash_text(hash_seq ? text.substr(1) : text));
  return HashText{hash, hash_seq};
}

std::string to_string(const HashText& value) {
  return (value.hash_seq ? "s" : "") + value.hash.hex();
}

std::string short_id(const EndpointId& id) { return to_hex(id.view().first(5)); }

}  // namespace archy::wire
