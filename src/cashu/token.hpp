// Tokens: proofs as one word that people and programs hand on. Read in the forms V3 (JSON) and V4
// (CBOR), written as V4. Source: NUT-00.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cashu/proof.hpp"

namespace archy::cashu {

inline constexpr std::size_t kTokenBytes = 1u << 20;  // characters
inline constexpr std::size_t kTokenProofs = 1000;     // what mints take in one request

// Whoever has it can spend it, so there is no way to print one: to_string hands out a Secret.
struct Token {
  std::string mint;  // its URL without a slash at the end
  std::string unit;
  std::optional<std::string> memo = std::nullopt;
  std::vector<Proof> proofs;  // keyset ids may be short: CheckedProof has the full ones
};

// cashuA... and cashuB..., also behind "cashu:". Amounts are added up with checks; nothing is said
// yet about signatures (check_proofs) or the mint (which must be on the operator's list).
// Errors: bad_input, one line that says what is wrong and repeats no secret; unsupported: a token
// of several mints, a later form, a keyset of version 3.
Result<Token> parse_token(std::string_view text);
// The raw form, "craw" 'B' and CBOR, as files and NFC carry it. Errors: as parse_token.
Result<Token> parse_raw_token(ByteView bytes);

// V4. Proofs of one keyset stand together, in the order of their first; v2 keyset ids are short.
// Errors: unsupported: a legacy keyset id, which V4 cannot name; bad_input: no proofs.
Result<Secret<std::string>> to_string(const Token& token);
Result<Secret<Bytes>> to_raw_token(const Token& token);

// Errors: bad_input when it does not fit.
Result<Amount> value_of(const Token& token);

}  // namespace archy::cashu
