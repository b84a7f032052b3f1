// A price in four columns: metric, step_size, per_step, min_steps. What is stored was checked, so
// it fits; what is read is checked again by whoever counts with it.
#pragma once

#include "db/query.hpp"
#include "streaming/price.hpp"

namespace archy::streaming {

inline Price terms_at(const db::Query& query, int column) {
  return {static_cast<Metric>(query.integer(column) & 3),
          static_cast<std::uint64_t>(query.integer(column + 1)),
          Amount(static_cast<std::uint64_t>(query.integer(column + 2))),
          static_cast<std::uint64_t>(query.integer(column + 3))};
}

}  // namespace archy::streaming
