// What a mint says it can do. Only a hint: every ability is met by an answer, or is done without.
// Source: NUT-06, and the settings of NUT-04, 05, 07, 08, 09, 11, 12, 17, 19, 20, 29.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cashu/amount.hpp"

namespace archy::cashu {

// One way in or out of ecash.
struct MethodTerms {
  std::string method;  // bolt11
  std::string unit;
  std::optional<Amount> min, max;
};

// NUT-19: answers that the mint repeats to the same bytes.
struct CachedAnswers {
  std::optional<std::uint64_t> ttl_s;  // none: for ever
  std::vector<std::string> paths;      // "POST /v1/swap"
};

struct MintInfo {
  std::string name;
  std::string version;                                  // nutshell/0.20.3
  std::vector<MethodTerms> mint_methods, melt_methods;  // none while it is disabled
  bool states = false;                                  // NUT-07
  bool change = false;                                  // NUT-08
  bool restore = false;                                 // NUT-09
  bool locks = false;                                   // NUT-11
  bool dleq = false;                                    // NUT-12
  bool subscriptions = false;                           // NUT-17
  bool signed_quotes = false;                           // NUT-20
  CachedAnswers cached;
  std::optional<std::uint64_t> unix_s;  // the mint's clock

  bool repeats(std::string_view method_and_path) const;
};

// GET /v1/info. Members of another shape than their NUT's count as not said. Errors: peer_fault: no
// JSON object.
Result<MintInfo> parse_info(std::string_view json);

}  // namespace archy::cashu
