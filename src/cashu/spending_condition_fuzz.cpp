// Secrets that may be conditions, and witnesses. Oracle: a condition that was read is written and
// reads back equal; what a witness opens before the locktime it opens after it; a request with one
// input is open when the witness opens that, and the same input again changes nothing unless the
// signature is over all of the request.
#include <algorithm>

#include "base/check.hpp"
#include "cashu/spending_condition.hpp"

namespace archy::cashu {
namespace {

void request(std::string_view secret, std::string_view witness) {
  static const auto id = KeysetId::parse("00ad268c4d1f5826").value();
  static const auto point =
      crypto::Point::parse_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
          .value();
  const Proof input{Amount(1), id,           ProofSecret(std::string(secret)),
                    point,     std::nullopt, std::string(witness)};
  const std::vector<Proof> inputs{input, input};
  const BlindedMessage output{Amount(2), id, point};
  const auto opens = [&](std::size_t count, std::uint64_t now) {
    return check_request(std::span(inputs).first(count), std::span(&output, 1), "quote", now)
        .has_value();
  };
  const bool before = opens(1, 0);
  CHECK(!before || opens(1, ~std::uint64_t{0}));
  const auto condition = parse_condition(secret);
  if (!condition) {
    CHECK(!before);
  } else if (!*condition) {
    CHECK(before && opens(2, 0));
  } else if ((*condition)->sig_flag == SigFlag::inputs) {
    CHECK(opens(2, 0) == before);
    const auto read = parse_witness(witness);
    CHECK(before == (read && check_witness(**condition, *read, sig_inputs_digest(input), 0)));
  } else {
    (void)opens(2, 0);
  }
}

}  // namespace
}  // namespace archy::cashu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const std::string_view text = as_text(ByteView(data, size));
  const auto secret = text.substr(0, text.find('\n'));
  const auto rest = text.substr(std::min(secret.size() + 1, text.size()));
  cashu::request(secret, rest);
  const auto witness = cashu::parse_witness(rest);
  if (witness) CHECK(cashu::parse_witness(cashu::to_string(*witness)).value() == *witness);
  const auto condition = cashu::parse_condition(secret);
  if (!condition || !*condition) return 0;
  const auto again = cashu::parse_condition(cashu::to_secret(**condition).reveal());
  CHECK(again.has_value() && *again == *condition);
  if (!witness) return 0;
  const Sha256Digest digest{{1}};
  const auto before = cashu::check_witness(**condition, *witness, digest, 0);
  const auto after = cashu::check_witness(**condition, *witness, digest, ~std::uint64_t{0});
  CHECK(!before.has_value() || after.has_value());
  return 0;
}
