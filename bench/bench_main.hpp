// What every bench program that is timed from outside does in main().
#pragma once

#include <fmt/core.h>

#include <cstdio>

#include "base/result.hpp"

namespace archy::bench {

// 0: done; 1: `run` failed; 2: the command line was not understood. What failed is on standard
// error.
template <class Options>
int run_main(const Result<Options>& options, Result<> (*run)(const Options& options)) {
  if (!options) {
    fmt::print(stderr, "{}\n", to_string(options.error()));
    return 2;
  }
  const Result<> done = run(*options);
  if (done) return 0;
  fmt::print(stderr, "{}\n", to_string(done.error()));
  return 1;
}

}  // namespace archy::bench
