// Tokens in both forms, as text, raw, and as the bytes inside the text; CBOR and JSON by
// themselves, which are written as they were read. Oracle: a token that was read is written as V4
// (unless it is of a legacy keyset) and reads back equal; its value is the exact sum; an error is
// one line without the input's secrets.
//
// covers: cashu/cbor.cpp
// covers: cashu/encoded.cpp
// covers: cashu/json.cpp
// covers: cashu/token.cpp
// covers: cashu/token_v3.cpp
#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "cashu/cbor.hpp"
#include "cashu/json.hpp"
#include "cashu/token.hpp"
#include "cashu/token_v3.hpp"
#include "wire/base64url.hpp"

namespace archy::cashu {
namespace {

void same(const Token& a, const Token& b) {
  CHECK(a.mint == b.mint && a.unit == b.unit && a.memo == b.memo);
  CHECK(a.proofs.size() == b.proofs.size());
  // V4 puts the proofs of a keyset together and shortens its id.
  std::vector<bool> used(b.proofs.size());
  for (const Proof& proof : a.proofs) {
    Proof shortened = proof;
    shortened.keyset = proof.keyset.shortened();
    bool found = false;
    for (std::size_t i = 0; i < b.proofs.size() && !found; ++i) {
      if (used[i] || !same_proof(shortened, b.proofs[i])) continue;
      used[i] = found = true;
    }
    CHECK(found);
  }
}

void token(const Result<Token>& read) {
  if (!read) {
    CHECK(read.error().detail.find('\n') == std::string::npos);
    return;
  }
  unsigned __int128 exact = 0;
  for (const Proof& proof : read->proofs) exact += proof.amount.value();
  CHECK(value_of(*read)->value() == exact);
  const auto raw = to_raw_token(*read);
  if (!raw) {
    CHECK(raw.error().code == Code::unsupported);
    return;
  }
  if (raw->reveal().size() > kTokenBytes / 2) return;
  const auto again = parse_raw_token(raw->reveal());
  CHECK(again.has_value());
  same(*read, *again);
  CHECK(to_raw_token(*again)->reveal() == raw->reveal());
  CHECK(parse_token(to_string(*again)->reveal()).has_value());
}

void cbor(ByteView in) {
  CborReader reader(in);
  while (!reader.at_end() && reader.skip()) {
  }
  if (const auto number = CborReader(in).number()) {
    const auto written = CborWriter().number(*number).written();
    CHECK(CborReader(written).number().value() == *number);
  }
  if (const auto text = CborReader(in).text()) {
    const auto written = CborWriter().text(*text).written();
    CHECK(CborReader(written).text().value() == *text);
  }
  if (const auto flag = CborReader(in).boolean()) {
    const auto written = CborWriter().boolean(*flag).written();
    CHECK(CborReader(written).boolean().value() == *flag);
  }
}

void json(std::string_view in) {
  if (const auto number = decimal(in)) CHECK(std::to_string(*number) == in);
  const auto read = read_json(in);
  if (!read) {
    CHECK(read.error().code == Code::bad_input);
    return;
  }
  const auto written = to_text(*read);
  CHECK(to_text(*read_json(written)) == written);
}

}  // namespace
}  // namespace archy::cashu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  cashu::token(cashu::parse_token(as_text(in)));
  cashu::token(cashu::parse_raw_token(in));
  const auto inside = wire::to_base64url(in);
  cashu::token(cashu::parse_token("cashuA" + inside));
  cashu::token(cashu::parse_token("cashuB" + inside));
  (void)cashu::read_token_v3(as_text(in));
  cashu::json(as_text(in));
  cashu::cbor(in);
  return 0;
}
