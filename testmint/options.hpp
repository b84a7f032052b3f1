// What one mint is like.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "cashu/keyset_id.hpp"

namespace archy::testmint {

inline constexpr const char* kUnit = "sat";

// What a new keyset is made with.
struct KeysetPlan {
  cashu::KeysetId::Version version = cashu::KeysetId::Version::v2;
  std::uint64_t input_fee_ppk = 0;
  std::optional<std::uint64_t> final_expiry = std::nullopt;  // Units: seconds since 1970
};

struct MintOptions {
  std::string name = "mint";
  KeysetPlan keyset = {};  // of a new book; a book that is there keeps its own
  // NUTs that it does not have: 4 and 5 are disabled, 7 and 9 are not found, 8 keeps the change,
  // 11 takes locks for plain secrets, 12 sends no DLEQ, 19 remembers nothing, 20 knows no keys.
  std::set<int> without = {};
  std::uint64_t min_amount = 1;
  std::uint64_t max_amount = 1'000'000'000;
  std::uint64_t reserve_min = 2;       // of a melt's fee reserve
  std::uint64_t reserve_ppm = 10'000;  // and what it grows by
  std::uint64_t mint_quote_ttl_s = 3600;
  std::uint64_t melt_quote_ttl_s = 600;  // 0: a quote has no end
  std::size_t max_inputs = 1000;
  std::size_t max_outputs = 1000;
  std::optional<std::uint64_t> cache_ttl_s = 60;  // NUT-19; none: for ever
  bool sums = true;                               // amount_paid and the like; older mints send none
  bool refuses_late_claims = false;               // of a quote that was paid in time (nutshell)
  bool auto_pay = false;                          // somebody outside pays each mint quote at once
  bool outputs_first = false;                     // a replayed swap is 11003 instead of 11001 (cdk)
  bool keysets_first = false;                     // so too 12002 once its keyset is retired
};

}  // namespace archy::testmint
