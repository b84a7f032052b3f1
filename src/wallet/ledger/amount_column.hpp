// Amounts in rows. What is stored was checked to fit (outputs, quotes and proofs beyond 2^63 are
// refused), so neither way can fail.
#pragma once

#include <cstdint>

#include "cashu/amount.hpp"
#include "db/query.hpp"

namespace archy::wallet {

inline std::int64_t integer_of(cashu::Amount amount) {
  return static_cast<std::int64_t>(amount.value());
}
inline cashu::Amount amount_at(const db::Query& query, int column) {
  return cashu::Amount(static_cast<std::uint64_t>(query.integer(column)));
}

}  // namespace archy::wallet
