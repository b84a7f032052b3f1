// Oracle: what is read is written back as the same text (case aside), and what is written reads
// back the same.
#include "base/check.hpp"
#include "wire/base32.hpp"
#include "wire/base64url.hpp"
#include "wire/id_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  const std::string_view text = as_text(in);
  if (auto bytes = wire::from_base32(text)) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    CHECK(wire::to_base32(*bytes) == lower);
  }
  if (auto bytes = wire::from_zbase32(text)) CHECK(wire::to_zbase32(*bytes) == text);
  if (auto bytes = wire::from_base64url(text)) {
    CHECK(wire::to_base64url(*bytes) == text.substr(0, text.find('=')));
  }
  if (auto parsed = wire::parse_hash_and_format(text)) {
    CHECK(wire::parse_hash_and_format(wire::to_string(*parsed)).value() == *parsed);
  }
  const auto id = wire::parse_endpoint_id_text(text);
  const auto hash = wire::parse_hash_text(text);
  CHECK(id.has_value() == hash.has_value());
  if (id) {
    CHECK(id->hex() == hash->hex() && id->hex().starts_with(wire::short_id(*id)));
    CHECK(wire::parse_endpoint_id_text(id->hex()).value() == *id);
  }
  CHECK(wire::from_base32(wire::to_base32(in)).value() == to_bytes(in));
  CHECK(wire::from_zbase32(wire::to_zbase32(in)).value() == to_bytes(in));
  CHECK(wire::from_base64url(wire::to_base64url(in)).value() == to_bytes(in));
  return 0;
}
