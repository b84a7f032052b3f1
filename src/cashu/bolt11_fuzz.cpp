// Invoices as text, and as a prefix and groups whose checksum is made right. Oracle: bech32 that
// was read is written as the same word; an amount is never 0; an invoice never expires before it is
// made.
//
// covers: cashu/bolt11.cpp
// covers: wire/bech32.cpp
#include "base/check.hpp"
#include "cashu/bolt11.hpp"
#include "wire/bech32.hpp"

namespace archy::cashu {
namespace {

void invoice(std::string_view text) {
  const auto read = parse_invoice(text);
  if (!read) return;
  CHECK(!read->amount_msat || *read->amount_msat > 0);
  CHECK(read->expires_at() >= read->timestamp);
}

void bech32(std::string_view text) {
  const auto word = wire::parse_bech32(text);
  if (!word) return;
  const auto again = wire::to_string(*word);
  CHECK(again.size() == text.size());
  CHECK(wire::parse_bech32(again).value() == *word);
}

}  // namespace
}  // namespace archy::cashu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  const std::string_view text = as_text(in);
  cashu::invoice(text);
  cashu::bech32(text);
  const auto line = text.find('\n');
  wire::Bech32 word{line == std::string_view::npos ? "lnbc" : std::string(text.substr(0, line)),
                    {}};
  for (const std::uint8_t byte : in.subspan(line == std::string_view::npos ? 0 : line + 1)) {
    word.groups.push_back(byte & 31);
  }
  cashu::invoice(to_string(word));
  return 0;
}
