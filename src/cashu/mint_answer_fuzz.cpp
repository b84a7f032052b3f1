// Everything a mint may answer. Oracle: sums conserve (nothing issued beyond what was paid), an
// answer about what was asked has an entry for each of it, and no output is signed twice; a refusal
// is one printable line.
//
// covers: cashu/mint_answers.cpp
// covers: cashu/mint_info.cpp
#include <algorithm>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "cashu/mint_answers.hpp"
#include "cashu/mint_info.hpp"

namespace {

using namespace archy;

// Points that the corpus names: hash_to_curve of "a", "b", "c".
std::vector<crypto::Point> known_points() {
  std::vector<crypto::Point> out;
  for (const std::string_view hex :
       {"029794c59a5d9b910a18e50e10623c864b77c7edf4552f8652b0c85d30ac0498f0",
        "02a462fd99556a0b1f70b96256154dffac8585f6bc18aa8264e9c80c36c6b6b189",
        "02883194eee6791262d4463a222ca4d90bc6e1b4541215b665daf84f8f384525ab"})
    out.push_back(crypto::Point::parse_hex(hex).value());
  return out;
}

void of_three(std::string_view text) {
  static const std::vector<crypto::Point> points = known_points();
  static const auto id = cashu::KeysetId::parse("00ad268c4d1f5826").value();
  std::vector<cashu::BlindedMessage> outputs;
  for (const auto& point : points) outputs.push_back({cashu::Amount(1), id, point});
  if (const auto states = cashu::parse_states(text, points)) CHECK(states->size() == points.size());
  if (const auto restored = cashu::parse_restored(text, outputs))
    CHECK(restored->size() == outputs.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  (void)cashu::parse_keysets_answer(text);
  (void)cashu::parse_signatures(text);
  if (const auto quote = cashu::parse_mint_quote(text, cashu::Amount(64)))
    CHECK(quote->paid.minus(quote->issued).has_value() && quote->amount == cashu::Amount(64));
  (void)cashu::parse_melt_quote(text);
  of_three(text);
  if (const auto refusal = cashu::parse_refusal(text)) {
    CHECK(std::ranges::none_of(refusal->detail, [](unsigned char c) { return c < 0x20; }));
  }
  if (const auto info = cashu::parse_info(text)) {
    for (const auto& path : info->cached.paths) CHECK(info->repeats(path));
  }
  return 0;
}
